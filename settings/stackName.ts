import { createHash } from "node:crypto";

const LONGEST = 24;

/** Names a stack where only lower-case letters, digits and `_` are allowed; other stacks have other names. */
export function stackName({ project, stack }: { readonly project: string; readonly stack: string }): string {
  const full = `${project}/${stack}`;
  const plain = full.toLowerCase().replaceAll(/[^a-z0-9]/g, "_");
  if (plain === full.replace("/", "_") && plain.length <= LONGEST && /^[a-z]/.test(plain)) return plain;
  const hash = createHash("sha256").update(full).digest("hex").slice(0, 6);
  return `s${hash}_${plain.slice(-(LONGEST - 8))}`;
}
