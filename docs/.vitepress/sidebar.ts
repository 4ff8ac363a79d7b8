import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DefaultTheme } from "vitepress";

const DOCS = fileURLToPath(new URL("..", import.meta.url));
/** The pages in reading order; one that is in no part comes last in `Guides`. */
const PARTS = {
  "Getting started": [
    "getting-started",
    "docker",
    "servers",
    "kubernetes",
    "existing-nginx",
    "package",
    "other-languages",
  ],
  "The roll": ["rolling", "hooks", "analysis", "evidence", "startup-cache"],
  nginx: ["front-door", "several-nginx"],
  Guides: ["operations", "ci"],
  Reference: ["settings", "troubleshooting"],
};

/** Every page, called by its first heading. */
export function sidebar(): DefaultTheme.SidebarItem[] {
  const named = ["index", ...Object.values(PARTS).flat()];
  const others = pagesIn("*.md").filter((page) => !named.includes(page));
  const parts = Object.entries(PARTS).map(([text, pages]) => ({
    text,
    items: [...pages, ...(text === "Guides" ? others : [])].map(linkTo),
  }));
  const decisions = pagesIn("decisions/0*.md").map(linkTo);
  return [
    ...parts,
    { text: "API", collapsed: true, items: pagesIn("api/**/*.md").map(linkTo) },
    { text: "Decisions", link: "/decisions/", collapsed: true, items: decisions },
  ];
}

function pagesIn(pattern: string): string[] {
  return globSync(pattern, { cwd: DOCS })
    .map((file) => file.replace(/\.md$/, ""))
    .sort();
}

function linkTo(page: string): DefaultTheme.SidebarItem {
  const [, title = page] = /^# (.+)$/m.exec(readFileSync(`${DOCS}${page}.md`, "utf8")) ?? [];
  return { text: title.replaceAll(/[`\\]/g, ""), link: `/${page}` };
}
