const LIBRARY = /^- "BOOT-INF\/lib\/([^"]+)"$/gm;
/** `- "dependencies":` */
const LAYER = /^- ".*":$/m;
const IN_LAYER = /^ {2}- "BOOT-INF\/lib\/([^"]*)"$/gm;
/** Needs no quoting, neither in a list of files nor in a class path. */
const PLAIN = /^[\w.+@-]+\.jar$/;

/**
 * The libraries that stay the same from one release to the next, in the order of the class path. Spring Boot's index of layers
 * begins with what changes least; what is in the last layer changes with each release, and so do snapshots.
 */
export function stableLibraries(classPathIndex: string, layerIndex: string): string[] {
  const all = [...classPathIndex.matchAll(LIBRARY)].map(([, name = ""]) => name);
  const last = layerIndex.split(LAYER).at(-1) ?? "";
  const changing = new Set([...last.matchAll(IN_LAYER)].map(([, name]) => name));
  // A folder in it stands for all that no other layer names.
  const named = new Set([...layerIndex.matchAll(IN_LAYER)].map(([, name]) => name));
  const isStable = (name: string) =>
    PLAIN.test(name) &&
    !name.includes("-SNAPSHOT") &&
    !changing.has(name) &&
    !(changing.has("") && !named.has(name));
  return all.filter(isStable);
}
