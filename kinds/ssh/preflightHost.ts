import type { Machine } from "#rollout/machine/machine.ts";
import type { SshHostDescriptor } from "./sshDescriptors.ts";

const JAVA_SECONDS = 20;

const PREFLIGHT = `
for tool in sha256sum awk; do
  command -v $tool >/dev/null || { echo "expected $tool, found none" >&2; exit 1; }
done
if [ "$3" = process ]; then mkdir -p "$1/releases" "$1/work" || exit 1; fi
if [ ! -d "$1/releases" ]; then echo "expected the folder $1/releases, found none: the server is not provisioned" >&2; exit 1; fi
if [ ! -w "$1" ] || [ ! -w "$1/releases" ]; then echo "expected a folder that $(id -un) may write, got $1" >&2; exit 1; fi
command -v "$2" >/dev/null || { echo "java: expected a Java runtime, found no executable $2" >&2; exit 1; }
words=$("$2" -version 2>&1) && exit 0
echo "java: expected a Java runtime that runs here, got $(printf '%s' "$words" | tail -n 1)" >&2
exit 1`;

/** Throws one line when a server could not take or run a release; only the folders of a host are made. */
export async function preflightHost(
  machine: Pick<Machine, "run">,
  { directory, supervisor }: SshHostDescriptor,
  java: string,
): Promise<void> {
  await machine.run(PREFLIGHT, [directory, java, supervisor], { deadlineSeconds: JAVA_SECONDS });
}
