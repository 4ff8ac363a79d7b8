import { readFile } from "node:fs/promises";
import { InvalidInput } from "#rollout/common/errors.ts";
import type { OwnFile } from "#rollout/request/frontDoor/siteFields.ts";
import { textOf } from "../reader.ts";

/** A text file of the project, for nginx. */
export async function readOwnFile(property: string, given: unknown): Promise<OwnFile> {
  const path = textOf(property, given);
  if (path === "") throw new InvalidInput(property, "expected a file, got nothing");
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new InvalidInput(property, `expected a file, ${whyNot(error)} at ${path}`, { cause: error });
  });
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    throw new InvalidInput(property, `expected a text file in UTF-8, got ${path}`, { cause: error });
  }
}

function whyNot(error: unknown): string {
  const { code } = Object(error);
  if (code === "ENOENT" || code === "ENOTDIR") return "found none";
  if (code === "EISDIR") return "found a folder";
  return code === "EACCES" ? "may not read the one" : `failed to read the one (${code})`;
}
