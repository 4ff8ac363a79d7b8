import { readFile, writeFile } from "node:fs/promises";
import { parse } from "yaml";
import { inRepository } from "./inRepository.ts";

/** The parts of the page, each with the setting it begins at; whatever follows in Pulumi.yaml belongs to it. */
const PARTS: Readonly<Record<string, string>> = {
  jar: "The release",
  kind: "Where it runs",
  java: "The JVM",
  containerImage: "Containers",
  replicas: "Kubernetes",
  sshConfig: "Servers",
  nginxServers: "nginx",
  serverNames: "The front door",
  checkIntervalMilliseconds: "Active checks",
  healthPath: "The health gate",
  settleSeconds: "Deadlines",
  onFailure: "The roll",
  reports: "Evidence",
  batch: "The fleet during a roll",
};
/** What begins one of several choices, such as `docker: `. */
const CHOICE = /^([a-z-]+(?: and [a-z]+)?): /;
const INTRODUCTION = `<!-- Written by \`npm run types\` from Pulumi.yaml. -->

# Settings

All of them, in the order of [Pulumi.yaml](../Pulumi.yaml). In a checkout they are in \`Pulumi.<stack>.yaml\`, with the prefix \`rollgate:\`; in [your own program](package.md) they are the arguments of \`RollingService\`, with the same names, types and defaults. A description that begins with a kind, such as \`docker:\`, is about a setting that only this kind has.
`;

/** The reference of all settings, as Pulumi.yaml has them. */
export async function settingsPage(): Promise<string> {
  const { config } = parse(await readFile(inRepository("Pulumi.yaml"), "utf8"));
  const settings = Object.entries(config).map(([name, setting]) => {
    const { type, description, default: byDefault } = Object(setting);
    const part = Object.hasOwn(PARTS, name) ? `## ${PARTS[name]}\n\n` : "";
    return `${part}### ${name}\n\n${type}, ${inWords(byDefault)}\n\n${inMarkdown(description)}\n`;
  });
  return [INTRODUCTION, ...settings].join("\n");
}

function inWords(byDefault: unknown): string {
  const text = JSON.stringify(byDefault);
  return ['""', "[]", "{}"].includes(text) ? "empty by default" : `default \`${text}\``;
}

/** The description in Markdown: choices and entries as lists, names as code, links to other pages. */
function inMarkdown(description: string): string {
  return description
    .replaceAll(/[*_<]/g, (character) => `\\${character}`)
    .replaceAll(/\b[a-z]+:\/\/[^\s,]+[^\s,.]/g, (url) => `\`${url.replaceAll("\\", "")}\``)
    .replaceAll(/(?<![\w.`/-])[a-z]+[A-Z]\w+(?![\w/])/g, (word) => `\`${word}\``)
    .replaceAll(/\bdocs\/([a-z-]+\.md)/g, (_, page) => `[${page.replace(".md", "")}](${page})`)
    .split(/(?<=\.) /)
    .map(laidOut)
    .join("")
    .replaceAll(/ *\n{2,}/g, "\n\n")
    .trim();
}

/** A sentence of a description; one that lists entries, or says what holds for one kind, is a paragraph of its own. */
function laidOut(sentence: string): string {
  const [, head = "", tail = ""] = /^([^:`]+): (.+)$/s.exec(sentence) ?? [];
  const entries = tail.replace(/\.$/, "").split("; ");
  const isChoice = /^[a-z-]+( and [a-z]+)?$/.test(head);
  if (isChoice && entries.slice(1).some((entry) => CHOICE.test(entry)))
    return listed(sentence.replace(/\.$/, "").split("; "));
  if (isChoice) return `\n\n**${head}:** ${tail} `;
  return entries.length > 2 ? `${head}:${listed(entries)}` : `${sentence} `;
}

function listed(entries: readonly string[]): string {
  const lines = entries.map((entry) => {
    const named = entry.replace(CHOICE, "**$1:** ");
    return `- ${named.replace(/^([a-z]\w*)(?=, | \()/i, "`$1`")}`;
  });
  return `\n\n${lines.join("\n")}\n\n`;
}

/** Where the page is. */
export const SETTINGS_PAGE = inRepository("docs", "settings.md");

if (import.meta.main) await writeFile(SETTINGS_PAGE, await settingsPage());
