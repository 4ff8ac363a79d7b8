import { randomUUID } from "node:crypto";
import type { Machine } from "../machine/machine.ts";
import { AWAIT_JAVA, SHOW_PROCESS } from "./javaProcess.ts";
import { readLook, type Supervisor } from "./supervisor.ts";

const KILL_SECONDS = 10;
const BEYOND_GRACE_SECONDS = KILL_SECONDS + 10;

/** The pids of what runs a release out of `$1`; `grep` finds itself and this shell, too, which have no `-jar`. */
const FIND = `
pids=""
for file in $(grep -laF -e "$1/releases/" /proc/[0-9]*/cmdline 2>/dev/null); do
  pid=\${file#/proc/}
  pid=\${pid%/cmdline}
  if tr '\\000' '\\n' < "$file" 2>/dev/null | awk -v folder="$1/releases/" '
    before == "-jar" && index($0, folder) == 1 { found = 1 }
    { before = $0 }
    END { exit !found }'; then pids="$pids $pid"; fi
done`;

const LOOK = `${SHOW_PROCESS}${FIND}
for pid in $pids; do show "$pid"; done
printf '\\n\\n'`;

/** `$2` the jar, `$3` a word of its own: whoever comes with it again finds that it has been done. */
const START = `${AWAIT_JAVA}
mkdir "$1/.started.$3" 2>/dev/null || exit 0
for old in "$1"/.started.*; do [ "$old" = "$1/.started.$3" ] || rmdir "$old"; done
mkdir -p "$1/logs" "$1/work"
if [ -e "$1/logs/app.log" ]; then mv "$1/logs/app.log" "$1/logs/app.log.1"; fi
umask 027
setsid sh "$1/start" >> "$1/logs/app.log" 2>&1 < /dev/null &
await_java $! "$2"
exit 0`;

/** `$2` the grace, `$3` how long SIGKILL may take. A process is told from a later one with its pid by when it began. */
const STOP = `${FIND}
grace=$2 patience=$3
set --
for pid in $pids; do
  if stat=$(cat "/proc/$pid/stat" 2>/dev/null); then
    began=$(printf '%s' "\${stat##*) }" | cut -d ' ' -f 20)
    set -- "$@" "$pid:$began"
  fi
done
[ $# -gt 0 ] || exit 0
alive() {
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The command is in parentheses and may hold anything.
  set -- "$2" \${stat##*) }
  [ "$2" != Z ] && [ "$2" != X ] && [ "\${21}" = "$1" ]
}
now() { read -r up rest < /proc/uptime; echo "\${up%.*}\${up#*.}"; }
all_gone() {
  until=$(($(now) + $1 * 100))
  shift
  while :; do
    left=""
    for pair; do if alive "\${pair%:*}" "\${pair#*:}"; then left="$left $pair"; fi; done
    [ -n "$left" ] || return 0
    [ "$(now)" -lt "$until" ] || return 1
    sleep 0.05
  done
}
for pair; do if alive "\${pair%:*}" "\${pair#*:}"; then kill -TERM "\${pair%:*}" 2>/dev/null; fi; done
if all_gone "$grace" "$@"; then exit 0; fi
for pair in $left; do kill -KILL "\${pair%:*}" 2>/dev/null; done
if all_gone "$patience" "$@"; then echo killed; exit 0; fi
echo "pid $left outlived SIGKILL" >&2
exit 1`;

const PREFLIGHT = `
command -v setsid >/dev/null || { echo "expected setsid (util-linux), found none" >&2; exit 1; }`;

/** Detached processes of the deployer's own account, for servers without systemd: a reboot ends them. */
export class ProcessSupervisor implements Supervisor {
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;

  constructor(machine: Pick<Machine, "run">, directory: string) {
    this.#machine = machine;
    this.#directory = directory;
  }

  async preflight(): Promise<void> {
    await this.#machine.run(PREFLIGHT, []);
  }

  async look(more = "") {
    return readLook(await this.#machine.run(`${LOOK}\n${more}\nexit 0`, [this.#directory]));
  }

  async start(jar: string): Promise<void> {
    await this.#machine.run(START, [this.#directory, jar, randomUUID()]);
  }

  async stop(graceSeconds: number): Promise<{ killed: boolean }> {
    const args = [this.#directory, String(graceSeconds), String(KILL_SECONDS)];
    const deadlineSeconds = graceSeconds + BEYOND_GRACE_SECONDS;
    return { killed: (await this.#machine.run(STOP, args, { deadlineSeconds })).trim() === "killed" };
  }

  async logTail(lines: number): Promise<string[]> {
    const log = `${this.#directory}/logs/app.log`;
    const text = await this.#machine.run('tail -n "$2" "$1" 2>/dev/null | tail -c 262144; exit 0', [
      log,
      String(lines),
    ]);
    return text.trimEnd() === "" ? [] : text.trimEnd().split("\n");
  }
}
