import { randomUUID } from "node:crypto";

/**
 * The URL of a module of ours, under which it is loaded once more: unit tests share processes, and what a module
 * remembers, or does when it is loaded, must not depend on the tests before.
 */
export function ownCopy(path: string): string {
  const url = new URL(`../../${path}`, import.meta.url);
  url.search = randomUUID();
  return url.href;
}
