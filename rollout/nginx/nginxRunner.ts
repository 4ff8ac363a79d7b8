import { FIND_MASTER } from "#kinds/ssh/sshNginxAccess.ts";
import { RollgateError } from "../common/errors.ts";
import { preflightUnit, readJournal } from "../host/systemdSupervisor.ts";
import type { Machine, RunOptions } from "../machine/machine.ts";
import { journalCommand, systemctlCommand, withRights } from "../machine/rights.ts";
import type { SshProxyDescriptor } from "../request/descriptors.ts";

/** What starts, tests, reloads and ends the nginx of a server. */
export interface NginxRunner {
  preflight(): Promise<void>;
  isRunning(): Promise<boolean>;
  /** Has nginx test `nginx.conf.new`; throws `CommandFailed` with its own words. */
  test(): Promise<void>;
  startOrReload(): Promise<void>;
  quit(graceSeconds: number): Promise<void>;
  logTail(lines: number): Promise<string[]>;
}

/** The one that a descriptor asks for. */
export function nginxRunnerOf(
  machine: Pick<Machine, "run">,
  place: SshProxyDescriptor,
  executable: string,
): NginxRunner {
  return place.supervisor === "systemd"
    ? new SystemdNginx(machine, place)
    : new ProcessNginx(machine, place.directory, executable);
}

/** Debian keeps nginx where the PATH of an account often does not look. */
export const WITH_SYSTEM_PATH = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin";
/** The line of nginx's own that says why. */
const TELL_EMERG = `
reason=$(printf '%s\\n' "$words" | grep -m 1 emerg) || reason=$(printf '%s\\n' "$words" | tail -n 1)
printf '%s\\n' "$reason" >&2
exit 1`;
const BEYOND_GRACE_SECONDS = 20;

/** Tests, as nginx's own account, are a unit of their own: root must not read what the deployer wrote. */
export const TEST_LOG = "logs/test.log";

/**
 * Whether the unit has a master that has bound its ports, which is when nginx takes that title: one that is started
 * again and again has a process most of the time, too. A process that this account cannot see is taken for one.
 */
const IS_RUNNING = `
pid=$(systemctl show --property MainPID --value "$1.service")
[ "$pid" -gt 0 ] || exit 0
title=$(tr '\\000' ' ' < "/proc/$pid/cmdline") 2>/dev/null || title="nginx: master process "
case "$title" in "nginx: master process "*) echo yes ;; esac`;

class SystemdNginx implements NginxRunner {
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;
  readonly #unit: string;

  constructor(machine: Pick<Machine, "run">, { directory, unit }: SshProxyDescriptor) {
    this.#machine = machine;
    this.#directory = directory;
    this.#unit = unit;
  }

  async preflight(): Promise<void> {
    await preflightUnit(this.#machine, this.#unit, [
      systemctlCommand("start", this.#unit),
      systemctlCommand("reload", this.#unit),
      systemctlCommand("stop", this.#unit),
      systemctlCommand("start", testUnit(this.#unit)),
      journalCommand(this.#unit),
    ]);
  }

  async isRunning(): Promise<boolean> {
    return (await this.#machine.run(IS_RUNNING, [this.#unit])) !== "";
  }

  async test(): Promise<void> {
    const script = `
if ${withRights(systemctlCommand("start", testUnit(this.#unit)))} 2>/dev/null; then exit 0; fi
words=$(cat "$1/${TEST_LOG}")${TELL_EMERG}`;
    await this.#machine.run(script, [this.#directory]);
  }

  async startOrReload(): Promise<void> {
    if (await this.isRunning()) return this.#systemctl("reload");
    // It may be about to be started again, with what it was refused.
    await this.#systemctl("stop");
    await this.#systemctl("start");
  }

  async quit(graceSeconds: number): Promise<void> {
    await this.#systemctl("stop", { deadlineSeconds: graceSeconds + BEYOND_GRACE_SECONDS });
  }

  async logTail(lines: number): Promise<string[]> {
    return readJournal(this.#machine, this.#unit, lines);
  }

  async #systemctl(verb: "start" | "stop" | "reload", options: RunOptions = {}): Promise<void> {
    await this.#machine.run(withRights(systemctlCommand(verb, this.#unit)), [], options);
  }
}

/** The unit that tests what the unit would read. */
export function testUnit(unit: string): string {
  return `${unit}-test`;
}

const NGINX = `${WITH_SYSTEM_PATH}
nginx() { command "$2" -p "$1" -c "$1/$3" $4 $5; }`;

const TEST = `${NGINX}
words=$(nginx "$1" "$2" nginx.conf.new -t -q 2>&1) && exit 0${TELL_EMERG}`;

const START_OR_RELOAD = `${NGINX}${FIND_MASTER}
master=$(find_master "$1")
if [ -n "$master" ]; then kill -HUP $master; exit 0; fi
words=$(nginx "$1" "$2" nginx.conf 2>&1 </dev/null) && exit 0${TELL_EMERG}`;

const QUIT = `${FIND_MASTER}
for step in QUIT:$2 TERM:5 KILL:5; do
  master=$(find_master "$1")
  [ -n "$master" ] || exit 0
  kill -\${step%:*} $master
  tries=$((\${step#*:} * 20))
  while [ $tries -gt 0 ] && [ -n "$(find_master "$1")" ]; do tries=$((tries - 1)); sleep 0.05; done
done
[ -z "$(find_master "$1")" ] || { echo "nginx outlived SIGKILL" >&2; exit 1; }`;

/** A daemon of the deployer's own account, for servers without systemd: a reboot ends it. */
class ProcessNginx implements NginxRunner {
  readonly #machine: Pick<Machine, "run">;
  readonly #directory: string;
  readonly #executable: string;

  constructor(machine: Pick<Machine, "run">, directory: string, executable: string) {
    this.#machine = machine;
    this.#directory = directory;
    this.#executable = executable;
  }

  async preflight(): Promise<void> {
    const script = `${WITH_SYSTEM_PATH}; command -v "$1" >/dev/null || exit 1`;
    await this.#machine.run(script, [this.#executable]).catch((error: unknown) => {
      throw new RollgateError("nginx-missing", `expected nginx, found no executable ${this.#executable}`, {
        cause: error,
      });
    });
  }

  async isRunning(): Promise<boolean> {
    return (await this.#machine.run(`${FIND_MASTER}\nfind_master "$1"`, [this.#directory])) !== "";
  }

  async test(): Promise<void> {
    await this.#machine.run(TEST, [this.#directory, this.#executable]);
  }

  async startOrReload(): Promise<void> {
    await this.#machine.run(START_OR_RELOAD, [this.#directory, this.#executable]);
  }

  async quit(graceSeconds: number): Promise<void> {
    const deadlineSeconds = graceSeconds + BEYOND_GRACE_SECONDS;
    await this.#machine.run(QUIT, [this.#directory, String(graceSeconds)], { deadlineSeconds });
  }

  async logTail(lines: number): Promise<string[]> {
    const script = 'tail -n "$2" "$1/logs/error.log"';
    return (await this.#machine.run(script, [this.#directory, String(lines)])).trimEnd().split("\n");
  }
}
