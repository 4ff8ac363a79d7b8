import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MarkdownRenderer } from "vitepress";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Lets pages be what they are on GitHub: no templates, with diagrams, and with links to the repository's other files. */
export function plainMarkdown(markdown: MarkdownRenderer, repository: string | undefined): void {
  const { rules } = markdown.renderer;
  const { text, code_inline: code, fence } = rules;
  rules.text = (...given) => literally(text?.(...given));
  rules.code_inline = (...given) => literally(code?.(...given));
  rules.fence = (tokens, index, ...given) => {
    const token = tokens[index];
    if (token?.info !== "mermaid") return fence?.(tokens, index, ...given) ?? "";
    return `<div class="mermaid" data-source="${encodeURIComponent(token.content)}"></div>`;
  };
  // TypeDoc has no name for arguments that a constructor takes apart.
  markdown.core.ruler.before("normalize", "arguments", (state) => {
    state.src = state.src.replaceAll("__namedParameters", "args");
  });
  markdown.core.ruler.push("links-out-of-docs", ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.attrGet("href");
      if (token.type !== "link_open" || !href || /^([a-z]+:|\/|#)/.test(href)) continue;
      const path = join("docs", dirname(env.relativePath), decodeURI(href));
      if (!path.startsWith("docs/")) token.attrSet("href", outside(path, env.relativePath, repository));
    }
  });
}

function literally(html = ""): string {
  return html.replaceAll("{{", "&#123;&#123;");
}

/** Where a file of the repository is on GitHub; without a repository, as in a local preview, nowhere. */
function outside(path: string, page: string, repository: string | undefined): string {
  if (!existsSync(join(REPOSITORY, path.replace(/#.*/, ""))))
    throw new Error(`docs/${page}: there is no ${path}`);
  return repository ? `https://github.com/${repository}/blob/main/${path}` : "#";
}

/** The fragment of a heading, the same as on GitHub. */
export function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");
}
