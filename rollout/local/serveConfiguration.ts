import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, messageOf, RollgateError } from "../errors.ts";
import { hostsOf, type NginxSettings, renderConfiguration } from "../nginx/renderConfiguration.ts";
import { isScript, servedConfiguration } from "../nginx/servedConfiguration.ts";
import { poll } from "../poll.ts";
import { changeTopology } from "./changeTopology.ts";
import { LocalNginxAccess } from "./localNginxAccess.ts";
import { runningNginx, startNginx, testConfiguration } from "./nginxProcess.ts";
import { describeListener, listenerOn } from "./tcpTable.ts";

const TAKES_EFFECT = { intervalMilliseconds: 50, deadlineMilliseconds: 10_000 };
/** Fresh connections in a row that the new workers must answer: old ones still accept for about 100 ms. */
const ANSWERS_IN_A_ROW = 5;

/**
 * Makes nginx serve these settings: starts it, or tests, reloads and sees that new workers answer, and puts
 * the old file and the old drains back when they do not. Nothing is done when nginx serves them already.
 * `settleSeconds` bounds the wait for a host that leaves.
 */
export async function serveConfiguration(
  executable: string,
  settings: NginxSettings,
  settleSeconds: number,
): Promise<"started" | "reloaded" | "unchanged"> {
  const { directory } = settings;
  const { text, fingerprint, files } = renderConfiguration(settings);
  for (const part of ["logs", "temp", "drained"]) {
    await mkdir(join(directory, part), { recursive: true, mode: 0o755 });
  }
  const access = new LocalNginxAccess({ kind: "local", ...settings });
  const served = await servedConfiguration((name) => readIfThere(join(directory, name)));
  const running = await runningNginx(directory);
  if (running && served === text && (await answers(access, fingerprint))) return "unchanged";
  if (!running) await requireFreePort(settings);
  for (const file of files) await writeFile(join(directory, file.name), file.text, { mode: 0o644 });
  await writeFile(join(directory, "nginx.conf.new"), text, { mode: 0o644 });
  await testConfiguration(executable, directory, "nginx.conf.new");
  // A served file that is not ours tells nothing: nobody is drained for what is not known.
  const before = hostsOf(served ?? "") ?? (running ? settings.hosts : []);
  const change = { before, after: settings.hosts, access, running: running !== undefined, settleSeconds };
  await changeTopology(change, async () => {
    if (running) await reload(running.pid, access, settings, fingerprint);
    else await start(executable, access, directory, fingerprint);
  });
  await removeScripts(
    directory,
    files.map(({ name }) => name),
  );
  return running ? "reloaded" : "started";
}

/** Scripts of earlier configurations. */
async function removeScripts(directory: string, kept: readonly string[]): Promise<void> {
  const old = (await readdir(directory)).filter((name) => isScript(name) && !kept.includes(name));
  for (const name of old) await rm(join(directory, name), { force: true });
}

async function start(executable: string, access: LocalNginxAccess, directory: string, fingerprint: string) {
  await rename(join(directory, "nginx.conf.new"), join(directory, "nginx.conf"));
  await startNginx(executable, directory);
  if (await takesEffect(access, fingerprint)) return;
  throw new RollgateError(
    "nginx-silent",
    `nginx was started but does not answer at ${access.url}: ${await lastError(directory)}`,
  );
}

async function reload(
  master: number,
  access: LocalNginxAccess,
  { directory }: NginxSettings,
  fingerprint: string,
) {
  const [file, old] = [join(directory, "nginx.conf"), join(directory, "nginx.conf.old")];
  const hasOld = await copyFile(file, old).then(
    () => true,
    (error: unknown) => {
      if (isSystemError(error, "ENOENT")) return false;
      throw error;
    },
  );
  await rename(join(directory, "nginx.conf.new"), file);
  process.kill(master, "SIGHUP");
  if (await takesEffect(access, fingerprint)) return rm(old, { force: true });
  if (hasOld) {
    await rename(old, file);
    process.kill(master, "SIGHUP");
  }
  throw new RollgateError(
    "reload-failed",
    `nginx passed its test but not its reload: ${await lastError(directory)}. ${hasOld ? "The old configuration is back and was served all along" : "What it served before it still serves"}.`,
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

async function requireFreePort({ address, port }: NginxSettings): Promise<void> {
  const listener = await listenerOn(address, port);
  if (listener !== undefined) {
    throw new RollgateError("port-taken", `port ${port} of nginx is taken by ${describeListener(listener)}`);
  }
}

async function lastError(directory: string): Promise<string> {
  const log = await readFile(join(directory, "logs", "error.log"), "utf8").catch(messageOf);
  const errors = log.split("\n").filter((line) => /\[(emerg|alert)\](?!.*still could not bind)/.test(line));
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
