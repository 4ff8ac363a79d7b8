import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError, RollgateError } from "../common/errors.ts";
import type { Jar } from "../release/jar.ts";
import { archiveName } from "../release/release.ts";
import { CommandFailed, type Machine, MachineUnreachable } from "./machine.ts";

const UPLOAD_SECONDS = 1800;
const BETWEEN_ATTEMPTS_MILLISECONDS = 500;

/** `$1` the host's folder, `$2` the release, `$3` its size: how much of it is there, if there is room for the rest. */
const HELD = `
part="$1/releases/.$2.part"
mkdir -p "$1/releases" || exit 1
held=0
if [ -f "$part" ]; then held=$(wc -c < "$part"); fi
free=$(df -Pk "$1/releases" | awk 'NR == 2 { print $4 }')
needed=$((($3 - held) / 1024))
if [ "$free" -lt "$needed" ]; then echo "no space left: $free KiB are free, $needed KiB are needed" >&2; exit 1; fi
echo $held`;

/** What came over is kept when the connection breaks, and goes when there is no space for more. */
const APPEND = `
umask 022
part="$1/releases/.$2.part"
cat >> "$part" || { rm -f "$part"; exit 1; }`;

/** `$3` its SHA-256, `$4` the name of its archive. What is not what was sent goes away, and so does nothing else. */
const INSTALL = `
set -e
umask 022
part="$1/releases/.$2.part" place="$1/releases/$2" new="$1/releases/.$2.new" aside="$1/releases/.$2.damaged"
whole="$place/$4"
# Done by a run of this script whose connection broke.
if [ ! -e "$part" ] && [ -f "$whole" ]; then part="$whole"; fi
sum=$(sha256sum < "$part")
if [ "$part" = "$whole" ]; then echo "\${sum%% *}"; exit 0; fi
if [ "\${sum%% *}" != "$3" ]; then rm -f "$part"; echo "\${sum%% *}"; exit 0; fi
rm -rf "$new" "$aside"
mkdir "$new"
mv "$part" "$new/$4"
chmod 444 "$new/$4"
# Never ran: the time of a release's folder says when it last became current.
touch -d @0 "$new"
# A damaged one is moved away, not overwritten: a JVM may have its jar open.
if [ -e "$place" ]; then mv "$place" "$aside"; fi
mv "$new" "$place"
rm -rf "$aside"
echo "$3"`;

/**
 * Brings a jar to a machine. What came over before the connection broke is kept and the rest is sent after it; the hash
 * is taken there, and what does not have it is sent once more from the beginning.
 */
export async function upload(
  machine: Pick<Machine, "run">,
  directory: string,
  id: string,
  jar: Jar,
  signal: AbortSignal,
): Promise<void> {
  const { size } = await stat(jar.path).catch((error: unknown) => {
    if (!isSystemError(error, "ENOENT")) throw error;
    throw new RollgateError("jar-gone", `expected ${jar.path}, it is gone`);
  });
  const began = performance.now();
  let damaged = "";
  for (;;) {
    try {
      const held = Number(await machine.run(HELD, [directory, id, String(size)], { signal }));
      if (held < size) {
        const input = createReadStream(jar.path, { start: held });
        await machine.run(APPEND, [directory, id], { input, deadlineSeconds: UPLOAD_SECONDS, signal });
      }
      const sha256 = (
        await machine.run(INSTALL, [directory, id, jar.sha256, archiveName(id)], {
          deadlineSeconds: 120,
          signal,
        })
      ).trim();
      if (sha256 === jar.sha256) return;
      if (damaged !== "") {
        throw new RollgateError(
          "staged-corrupted",
          `expected SHA-256 ${jar.sha256} on the host, got ${sha256} twice`,
        );
      }
      damaged = sha256;
    } catch (error) {
      signal.throwIfAborted();
      const isOver = performance.now() - began > UPLOAD_SECONDS * 1000;
      if (!(error instanceof MachineUnreachable) || isOver) throw told(id, error);
      await sleep(BETWEEN_ATTEMPTS_MILLISECONDS, undefined, { signal });
    }
  }
}

function told(id: string, error: unknown): unknown {
  if (!(error instanceof CommandFailed)) return error;
  const [, room = ""] = /^no space left(: .*)/.exec(error.message) ?? [];
  return /no space left|quota exceeded/i.test(error.message)
    ? new RollgateError("disk-full", `no space left for ${id}${room}`, { cause: error })
    : new RollgateError("staging-failed", `could not stage ${id}: ${error.message}`, { cause: error });
}
