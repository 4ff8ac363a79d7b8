import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { slug } from "../../../docs/.vitepress/plainMarkdown.ts";
import { inRepository } from "../../../tools/inRepository.ts";

const PAGES = globSync(["*.md", "docs/*.md", "docs/decisions/*.md"], { cwd: inRepository() });
const textOf = (file: string) => readFileSync(inRepository(file), "utf8");
/** What is typed or printed is not Markdown. */
const prose = (page: string) => textOf(page).replaceAll(/^ *```[\s\S]*?^ *```$|`[^`\n]*`/gm, "");

test("every link of a page leads to a file of the repository, and its fragment to a heading of that file", () => {
  const links = PAGES.flatMap((page) =>
    [...prose(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)].map(
      ([link, path = "", fragment]) => {
        const target = path === "" ? page : join(dirname(page), path);
        const isDead =
          !existsSync(inRepository(target)) || (fragment && !fragmentsOf(target).includes(fragment));
        return { link: `${page}: ${link}`, isDead };
      },
    ),
  );
  expect(links.length).toBeGreaterThan(100);
  expect(links.filter(({ isDead }) => isDead).map(({ link }) => link)).toEqual([]);
});

test("each message that troubleshooting quotes is in the code", () => {
  const files = globSync("{components,kinds,provider,rollout,settings}/**/*.{ts,sh}", {
    cwd: inRepository(),
  });
  const code = files.map((file) => withoutNames(textOf(file)));
  const quoted = [...textOf("docs/troubleshooting.md").matchAll(/^### `(.+)`$/gm)].map(
    ([, message = ""]) => message,
  );
  expect(quoted.length).toBeGreaterThan(40);
  expect(quoted.filter((message) => !code.some((text) => text.includes(message)))).toEqual([]);
});

function fragmentsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => slug(heading));
}

/** Source code with `…` wherever a message names something. */
function withoutNames(source: string): string {
  return source.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}|\$\(.*?\)|\$\w+/g, "…").replaceAll("\\`", "`");
}
