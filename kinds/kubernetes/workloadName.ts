import { createHash } from "node:crypto";
import { LONGEST_NAME } from "./names.ts";

/** The name of everything that a stack has in a cluster; different for every stack. */
export function workloadName({
  project,
  stack,
}: {
  readonly project: string;
  readonly stack: string;
}): string {
  const full = `${project}-${stack}`;
  const plain = full
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (plain === full && plain.length <= LONGEST_NAME && /^[a-z]/.test(plain)) return plain;
  const hash = createHash("sha256").update(`${project}/${stack}`).digest("hex").slice(0, 6);
  return `${`s-${plain}`.slice(0, LONGEST_NAME - 7).replace(/-+$/, "")}-${hash}`;
}
