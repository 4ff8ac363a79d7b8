import { setTimeout as sleep } from "node:timers/promises";
import { RollgateError } from "../common/errors.ts";
import { poll } from "../common/poll.ts";
import { changeTopology } from "./changeTopology.ts";
import { IDLE_SECONDS } from "./closeConnections.ts";
import type { NginxAccess } from "./nginxAccess.ts";
import type { NginxServer } from "./nginxServer.ts";
import type { NginxSettings } from "./nginxSettings.ts";
import { hostsOf, renderConfiguration } from "./renderConfiguration.ts";

const TAKES_EFFECT = { intervalMilliseconds: 50, deadlineMilliseconds: 10_000 };
/** Fresh connections in a row that the new workers must answer: old ones still accept for about 100 ms. */
const ANSWERS_IN_A_ROW = 5;

/**
 * Makes nginx serve these settings: starts it, or tests, reloads and sees that new workers answer, and puts
 * the old file and the old drains back when they do not. Nothing is done when nginx serves them already.
 * `settleSeconds` bounds the wait for a host that leaves; `assertHeld` is asked before anything is put in place.
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
  await server.propose(configuration);
  // A served file that is not ours tells nothing: nobody is drained for what is not known.
  const before = hostsOf(served ?? "") ?? (running ? settings.hosts : []);
  const change = { before, after: settings.hosts, access, running, settleSeconds };
  await changeTopology(change, async () => {
    const replace = async () => {
      await assertHeld();
      await server.apply().catch(async (error: unknown) => {
        if (running) await server.restore().catch(() => {});
        throw error;
      });
      if (await takesEffect(access, fingerprint)) return server.commit(configuration);
      throw running ? await undo(server) : await silent(server);
    };
    await (running && before.length > 0 ? withConnectionsClosed(server, replace) : replace());
  });
  return running ? "reloaded" : "started";
}

/**
 * A reload closes idle client connections, and a request that is on its way over one of them is lost. So clients are
 * told first: each busy connection is closed with an answer, and idle ones are let go of by clients that heed
 * `Keep-Alive`.
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

async function silent(server: NginxServer): Promise<RollgateError> {
  return new RollgateError(
    "nginx-silent",
    `nginx was started but does not answer at ${server.access.url}: ${await server.lastError()}`,
  );
}

async function undo(server: NginxServer): Promise<RollgateError> {
  const hadOld = await server.restore();
  const state = hadOld
    ? "The old configuration is back and was served all along"
    : "What it served before it still serves";
  return new RollgateError(
    "reload-failed",
    `nginx passed its test but not its reload: ${await server.lastError()}. ${state}.`,
  );
}

/** A reload that cannot bind a port passes `nginx -t` and exits 0, so only an answer proves it. */
async function takesEffect(access: NginxAccess, fingerprint: string): Promise<boolean> {
  let inARow = 0;
  const settled = await poll(async () => {
    inARow = (await answers(access, fingerprint)) ? inARow + 1 : 0;
    return inARow >= ANSWERS_IN_A_ROW || undefined;
  }, TAKES_EFFECT);
  return settled ?? false;
}

async function answers(access: NginxAccess, fingerprint: string): Promise<boolean> {
  try {
    const { body } = await access.getAnew("/rollgate/configuration", AbortSignal.timeout(1_000));
    return Buffer.from(body).toString("utf8").endsWith(` ${fingerprint}`);
  } catch {
    return false;
  }
}
