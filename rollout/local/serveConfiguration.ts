import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError, messageOf, RollgateError } from "../errors.ts";
import type { PoolMember } from "../nginx/drainPools.ts";
import { type NginxSettings, renderConfiguration } from "../nginx/renderConfiguration.ts";
import { poll } from "../poll.ts";
import { LocalNginxAccess } from "./localNginxAccess.ts";
import { runningNginx, startNginx, testConfiguration } from "./nginxProcess.ts";
import { describeListener, listenerOn } from "./tcpTable.ts";

const SETTLE_MILLISECONDS = 30_000;
const TAKES_EFFECT = { intervalMilliseconds: 50, deadlineMilliseconds: 10_000 };
/** Fresh connections in a row that the new workers must answer: old ones still accept for about 100 ms. */
const ANSWERS_IN_A_ROW = 5;

/**
 * Makes nginx serve these settings: starts it, or tests, reloads and sees that new workers answer, and puts
 * the old file back when they do not. A host that is new to the configuration starts drained: the rollout
 * admits it once a release has passed its gates. One that goes is drained first. Nothing is done when
 * nginx serves these settings already.
 */
export async function serveConfiguration(
  executable: string,
  settings: NginxSettings,
): Promise<"started" | "reloaded" | "unchanged"> {
  const { directory } = settings;
  const { text, fingerprint } = renderConfiguration(settings);
  await makeDirectories(directory);
  const access = new LocalNginxAccess({ kind: "local", ...settings });
  const before = await knownHosts(directory);
  const running = await runningNginx(directory);
  if (
    running &&
    (await readIfThere(join(directory, "nginx.conf"))) === text &&
    (await answers(access, fingerprint))
  ) {
    return "unchanged";
  }
  if (!running) await requireFreePort(settings);
  await writeFile(join(directory, "nginx.conf.new"), text, { mode: 0o644 });
  await testConfiguration(executable, directory, "nginx.conf.new");
  for (const host of settings.hosts) if (!isIn(before, host)) await access.raiseFlag(host.name);
  if (running)
    await empty(
      before.filter((host) => !isIn(settings.hosts, host)),
      access,
    );
  await (running
    ? reload(running.pid, access, settings, fingerprint)
    : start(executable, access, directory, fingerprint));
  await writeFile(join(directory, "hosts.json"), JSON.stringify(settings.hosts), { mode: 0o644 });
  for (const host of before) if (!isIn(settings.hosts, host)) await access.lowerFlag(host.name);
  return running ? "reloaded" : "started";
}

async function makeDirectories(directory: string): Promise<void> {
  for (const part of ["logs", "temp", "drained"])
    await mkdir(join(directory, part), { recursive: true, mode: 0o755 });
}

async function start(executable: string, access: LocalNginxAccess, directory: string, fingerprint: string) {
  await rename(join(directory, "nginx.conf.new"), join(directory, "nginx.conf"));
  await startNginx(executable, directory);
  if (!(await takesEffect(access, fingerprint))) {
    throw new RollgateError(
      "nginx-silent",
      `nginx was started but does not answer at ${access.url}: ${await lastError(directory)}`,
    );
  }
}

async function reload(
  master: number,
  access: LocalNginxAccess,
  { directory }: NginxSettings,
  fingerprint: string,
) {
  const [file, old] = [join(directory, "nginx.conf"), join(directory, "nginx.conf.old")];
  await copyFile(file, old);
  await rename(join(directory, "nginx.conf.new"), file);
  process.kill(master, "SIGHUP");
  if (await takesEffect(access, fingerprint)) return rm(old);
  await rename(old, file);
  process.kill(master, "SIGHUP");
  throw new RollgateError(
    "reload-failed",
    `nginx passed its test but not its reload: ${await lastError(directory)}. The old configuration is back and was served all along.`,
  );
}

/** A reload that cannot bind a port passes `nginx -t` and exits 0, so only an answer proves it. */
async function takesEffect(access: LocalNginxAccess, fingerprint: string): Promise<boolean> {
  let inARow = 0;
  const settled = await poll(async () => {
    inARow = (await answers(access, fingerprint)) ? inARow + 1 : 0;
    return inARow >= ANSWERS_IN_A_ROW || undefined;
  }, TAKES_EFFECT);
  return settled ?? false;
}

async function answers(access: LocalNginxAccess, fingerprint: string): Promise<boolean> {
  try {
    const { body } = await access.get("/rollgate/configuration", AbortSignal.timeout(1_000));
    return Buffer.from(body).toString("utf8").endsWith(` ${fingerprint}`);
  } catch {
    return false;
  }
}

async function empty(leaving: readonly PoolMember[], access: LocalNginxAccess): Promise<void> {
  for (const host of leaving) await access.raiseFlag(host.name);
  if (leaving.length > 0) await sleep(50);
  for (const host of leaving) {
    await poll(async () => (await access.connectionsTo(host.address, host.port)) === 0 || undefined, {
      intervalMilliseconds: 50,
      deadlineMilliseconds: SETTLE_MILLISECONDS,
    });
  }
}

async function requireFreePort({ address, port }: NginxSettings): Promise<void> {
  const listener = await listenerOn(address, port);
  if (listener !== undefined) {
    throw new RollgateError("port-taken", `port ${port} of nginx is taken by ${describeListener(listener)}`);
  }
}

async function knownHosts(directory: string): Promise<PoolMember[]> {
  const text = await readIfThere(join(directory, "hosts.json"));
  return text === undefined ? [] : JSON.parse(text);
}

function isIn(hosts: readonly PoolMember[], { name, address, port }: PoolMember): boolean {
  return hosts.some((host) => host.name === name && host.address === address && host.port === port);
}

async function lastError(directory: string): Promise<string> {
  const log = await readFile(join(directory, "logs", "error.log"), "utf8").catch(messageOf);
  const errors = log.split("\n").filter((line) => line.includes("[emerg]") || line.includes("[alert]"));
  return errors.at(-1) ?? "its error log is silent";
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
