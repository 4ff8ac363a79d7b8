import type { OpenNginx } from "#kinds/nginxKind.ts";

/** Next to the configuration; holds what tells the resource that keeps this nginx from those of other nginx. */
const KEEPER = "keeper";
const READ = `cat "$1/${KEEPER}" 2>/dev/null; exit 0`;
const WRITE = `umask 022; printf '%s\\n' "$2" > "$1/${KEEPER}"`;

/**
 * Records which resource keeps an nginx. If the first of several is dropped from the settings, its resource moves on to
 * the second one, before that one's own resource is deleted.
 */
export async function keep({ server, settings }: OpenNginx, keeper: string | undefined): Promise<void> {
  const { directory } = await settings();
  await server.machine.run(WRITE, [directory, keeper ?? "the first"]);
}

/** Whether another resource keeps this nginx by now. */
export async function isTakenOver(
  { server, settings }: OpenNginx,
  keeper: string | undefined,
): Promise<boolean> {
  const { directory } = await settings();
  const found = (await server.machine.run(READ, [directory])).trim();
  return found !== "" && found !== (keeper ?? "the first");
}
