import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RollgateError } from "../common/errors.ts";
import { poll } from "../common/poll.ts";
import { LeaseLost } from "../lease/lease.ts";
import { changeTopology } from "./changeTopology.ts";
import { IDLE_SECONDS } from "./closeConnections.ts";
import type { NginxAccess } from "./nginxAccess.ts";
import type { NginxServer } from "./nginxServer.ts";
import type { NginxSettings } from "./nginxSettings.ts";
import { prepareLog, requireFolders } from "./prepareSite.ts";
import { hostsOf, renderConfiguration } from "./renderConfiguration.ts";
import { servedPlace } from "./servedConfiguration.ts";

const TAKES_EFFECT = { intervalMilliseconds: 50, deadlineMilliseconds: 10_000 };
/** Shorter, because nginx served this a moment ago. */
const IS_BACK = { ...TAKES_EFFECT, deadlineMilliseconds: 4_000 };
/** On a loaded machine far away, a new connection alone may take a second. */
const ANSWER_MILLISECONDS = 3_000;
/** How many new connections in a row the new workers must answer; old workers keep accepting for about 100 ms. */
const ANSWERS_IN_A_ROW = 5;

/**
 * Makes nginx serve these settings. It starts or reloads nginx after testing the configuration, waits until new workers
 * answer, and otherwise restores the old configuration and drains. It does nothing if nginx already serves the
 * settings. `settleSeconds` limits the wait for a removed host; `assertHeld` runs right before anything is replaced and
 * may throw.
 */
export async function serveConfiguration(
  server: NginxServer,
  settings: NginxSettings,
  settleSeconds: number,
  assertHeld: () => Promise<void> = async () => {},
): Promise<"started" | "reloaded" | "unchanged"> {
  const configuration = renderConfiguration(settings);
  const { access } = server;
  const { fingerprint } = configuration;
  const [served, running] = await Promise.all([server.served(), server.isRunning()]);
  if (running && served === configuration.text && (await answers(access, fingerprint))) return "unchanged";
  await requireFolders(server.machine, settings);
  await server.propose(configuration);
  await prepareLog(server.machine, settings);
  // A file that is not ours doesn't list its hosts, so none of them can be drained.
  const before = hostsOf(served ?? "") ?? (running && !server.isForeign ? settings.hosts : []);
  if (running) await access.sumFlags();
  const change = { before, after: settings.hosts, access, running, settleSeconds };
  await changeTopology(change, async () => {
    const replace = async () => {
      await assertHeld();
      try {
        await server.apply();
      } catch (error) {
        // The configuration now belongs to the new owner of the lease.
        if (error instanceof LeaseLost) throw error;
        const code = error instanceof RollgateError ? error.code : "nginx-failed";
        throw await takeBack(server, { running, code, reason: messageOf(error), cause: error });
      }
      if (await takesEffect(access, fingerprint)) {
        await server.commit(configuration);
        return server.keepLog();
      }
      throw await takeBack(server, { running, ...(await whyNot(server, running)) });
    };
    await (running && before.length > 0 ? withConnectionsClosed(server, replace) : replace());
  });
  return running ? "reloaded" : "started";
}

/**
 * A reload closes idle client connections, and a request already on its way over one of them is lost. So connections
 * are closed beforehand: busy ones with an answer, idle ones by clients that honour `Keep-Alive`.
 */
async function withConnectionsClosed(server: NginxServer, reload: () => Promise<void>): Promise<void> {
  await server.closeConnections(true);
  try {
    await sleep(IDLE_SECONDS * 1000);
    await reload();
  } finally {
    await server.closeConnections(false);
  }
}

async function whyNot(server: NginxServer, running: boolean): Promise<Pick<Failure, "code" | "reason">> {
  const words = await server.lastError();
  return running
    ? { code: "reload-failed", reason: `nginx accepted the configuration but failed to reload it: ${words}` }
    : {
        code: "nginx-silent",
        reason: `nginx was started but does not answer at ${server.access.url}: ${words}`,
      };
}

interface Failure {
  readonly running: boolean;
  readonly code: string;
  readonly reason: string;
  readonly cause?: unknown;
}

/** Restores the previous state: an nginx that ran keeps running, one that didn't is stopped again. */
async function takeBack(
  server: NginxServer,
  { running, code, reason, cause }: Failure,
): Promise<RollgateError> {
  const state = await (running ? goBack(server) : giveUp(server)).catch(
    (error: unknown) => `The previous state could not be restored: ${messageOf(error)}`,
  );
  return new RollgateError(code, `${reason}. ${state}.`, { cause });
}

async function goBack(server: NginxServer): Promise<string> {
  if (!(await server.restore())) {
    return `There was no configuration before, so none is left; nginx keeps running ${server.isForeign ? "without it" : "with the one it had loaded"}`;
  }
  await server.reload();
  const serves = await servesItsFile(server);
  await server.forgetKept();
  return serves
    ? "The old configuration is back in use"
    : "The old configuration is back, but nginx does not serve it";
}

async function giveUp(server: NginxServer): Promise<string> {
  await server.quit(0);
  const hadOld = await server.restore();
  await server.forgetKept();
  return `nginx is stopped${hadOld ? ", with the old configuration in place" : ""}`;
}

/** Whether nginx serves the configuration file on its disk. */
async function servesItsFile(server: NginxServer): Promise<boolean> {
  const place = servedPlace((await server.served()) ?? "");
  return place !== undefined && takesEffect(server.access, place.fingerprint, IS_BACK, place.controlPort);
}

/**
 * Whether nginx answers with a configuration that is on its disk; of a file that is not ours nobody can tell. `ahead` is
 * what it answered while that was read.
 */
export async function isServed(
  access: NginxAccess,
  text: string,
  ahead?: Promise<string | undefined>,
): Promise<boolean> {
  const place = servedPlace(text);
  if (!place || isAbout(await ahead, place.fingerprint)) return true;
  const answering = async () => (await answers(access, place.fingerprint, place.controlPort)) || undefined;
  return (await poll(answering, IS_BACK)) ?? false;
}

/** A reload that can't bind its port passes `nginx -t` and exits 0, so only an answer proves success. */
async function takesEffect(
  access: NginxAccess,
  fingerprint: string,
  deadline = TAKES_EFFECT,
  controlPort?: number,
): Promise<boolean> {
  const isAnswered = () => answers(access, fingerprint, controlPort);
  const settled = await poll(async () => {
    if (!(await isAnswered())) return undefined;
    // Far away, an answer takes longer than the time until the next question.
    const others = Array.from({ length: ANSWERS_IN_A_ROW - 1 }, async (_, index) => {
      await sleep((index + 1) * deadline.intervalMilliseconds);
      return isAnswered();
    });
    return (await Promise.all(others)).every(Boolean) || undefined;
  }, deadline);
  return settled ?? false;
}

async function answers(access: NginxAccess, fingerprint: string, controlPort?: number): Promise<boolean> {
  return isAbout(await answerNow(access, controlPort), fingerprint);
}

/** What nginx says of the configuration that it serves; `undefined` if it doesn't answer. */
export async function answerNow(access: NginxAccess, controlPort?: number): Promise<string | undefined> {
  try {
    const { body } = await access.getAnew(
      "/rollgate/configuration",
      AbortSignal.timeout(ANSWER_MILLISECONDS),
      controlPort,
    );
    return Buffer.from(body).toString("utf8");
  } catch {
    return undefined;
  }
}

function isAbout(answer: string | undefined, fingerprint: string): boolean {
  return answer?.endsWith(` ${fingerprint}`) === true;
}
