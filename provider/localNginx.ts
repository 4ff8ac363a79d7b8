import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { findAbilities } from "#kinds/local/findAbilities.ts";
import { localProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import { LocalNginxServer } from "#kinds/local/localNginxServer.ts";
import { findNginx, quitNginx, runningNginx } from "#kinds/local/nginxProcess.ts";
import { removeEmpty } from "#kinds/local/removeEmpty.ts";
import { describeListener, listenerOn } from "#kinds/local/tcpTable.ts";
import { workersAccount } from "#kinds/local/workersAccount.ts";
import { messageOf } from "#rollout/common/errors.ts";
import { LocalLeaseStore } from "#rollout/lease/localLeaseStore.ts";
import { isUnspecified } from "#rollout/machine/connections.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { isScript, servedConfiguration } from "#rollout/nginx/servedConfiguration.ts";
import { absolutePath } from "#rollout/request/fields.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { type CheckAnswer, cannotMove, ownInputs, providerOf } from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";
import { serveUnderLease } from "./serveUnderLease.ts";
import { type Decision, decidedInputs, decideFlavour, servingInputs, settingsFor } from "./servingInputs.ts";

/** What the program says of an nginx of this machine. */
export const localNginxInputs = localProxyDescriptor.extend({
  /** A path, or a name to look up on PATH. */
  executable: z.string().min(1, { error: "expected the nginx command, got an empty text" }),
  ...servingInputs,
});
export type LocalNginxInputs = z.infer<typeof localNginxInputs>;

const decidedNginxInputs = localNginxInputs.extend(decidedInputs);

/** All that is asked of a state that an older version may have written. */
const place = z.object({ directory: absolutePath });

const QUIT_GRACE_SECONDS = 30;

/** Decides the flavour and renders the configuration; refuses what nginx could not do. Changes nothing. */
export async function check(olds: object, news: object): Promise<CheckAnswer<object>> {
  const problems = problemsOf(localNginxInputs, withoutChecked(news));
  if (problems.length > 0)
    return { failures: problems.map(({ property, reason }) => ({ property, reason })) };
  const inputs = parse(localNginxInputs, withoutChecked(news));
  const refuse = (property: string, reason: string) => ({
    failures: [{ property, reason: `${reason}. Nothing was changed.` }],
  });
  try {
    const abilities = await findAbilities(await findNginx(inputs.executable));
    const decision = decideFlavour(inputs, abilities, inputs.executable);
    if ("reason" in decision) return refuse(decision.property, decision.reason);
    const { directory: left } = ownInputs(olds);
    if (typeof left === "string" && left !== inputs.directory && (await runningNginx(left))) {
      return refuse("directory", cannotMove(left, inputs.directory));
    }
    const obstacle = await portObstacle(ownInputs(olds), inputs);
    if (obstacle !== undefined) return refuse("port", obstacle);
    const configuration = renderConfiguration(settingsOf(inputs, decision)).text;
    return { inputs: { ...inputs, ...decision, configuration, running: true } };
  } catch (error) {
    return refuse("executable", messageOf(error));
  }
}

/** Another directory is another nginx; any other change is a tested reload. */
export function diff(
  olds: object,
  news: object,
): { changes: boolean; replaces: string[]; deleteBeforeReplace: boolean } {
  const [old, next] = [ownInputs(olds), ownInputs(news)];
  const decisive = ["directory", "configuration", "running", "executable"];
  return {
    changes: decisive.some((key) => !isDeepStrictEqual(old[key], next[key])),
    replaces: old.directory === next.directory ? [] : ["directory"],
    deleteBeforeReplace: true,
  };
}

/** Makes nginx serve these inputs; says what that took. */
export async function serve(inputs: object): Promise<{ id: string; outs: object }> {
  const checked = parse(decidedNginxInputs, withoutServed(inputs));
  const { directory, address, port } = checked;
  const server = new LocalNginxServer(await findNginx(checked.executable), {
    kind: "local",
    directory,
    address,
    port,
  });
  await serveUnderLease(
    server,
    new LocalLeaseStore(join(directory, "lease")),
    settingsOf(checked, checked),
    checked,
  );
  return { id: directory, outs: inputs };
}

/** What nginx serves now; one that does not run, or whose file was edited, shows as a change. */
export async function read(
  id: string,
  props: object,
): Promise<{ id: string; props: object; inputs: object }> {
  const { directory } = parse(place, props);
  const configuration =
    (await servedConfiguration((name) => readFile(join(directory, name), "utf8").catch(() => undefined))) ??
    "";
  const running = (await runningNginx(directory)) !== undefined;
  const found = { ...props, configuration, running };
  return { id, props: found, inputs: { ...ownInputs(found), ...providerOf(props) } };
}

/** Ends nginx after its requests in flight and removes what is ours. */
export function remove(inputs: object): Promise<void> {
  return finishWithoutEngine(() => removeNginx(inputs));
}

async function removeNginx(inputs: object): Promise<void> {
  const { directory } = parse(place, inputs);
  await quitNginx(directory, QUIT_GRACE_SECONDS);
  for (const part of [
    "nginx.conf",
    "nginx.conf.new",
    "nginx.conf.old",
    "nginx.pid",
    "hosts.json",
    "logs",
    "temp",
    "drained",
    "lease",
  ]) {
    await rm(join(directory, part), { recursive: true, force: true });
  }
  for (const script of (await readdir(directory).catch(() => [])).filter(isScript)) {
    await rm(join(directory, script), { force: true });
  }
  await removeEmpty(directory, 1);
}

/** Why nginx could not listen where it is to, as far as that can be told without trying. */
async function portObstacle(
  old: Record<string, unknown>,
  inputs: LocalNginxInputs,
): Promise<string | undefined> {
  const { address, port, directory } = inputs;
  const master = await runningNginx(directory);
  if (master && old.address === address && old.port === port) return undefined;
  const listener = await listenerOn(address, port);
  if (listener === undefined) return undefined;
  const isOurs =
    master !== undefined && listener !== "unknown" && [listener.pid, listener.parentPid].includes(master.pid);
  if (!isOurs) return `${port} is taken by ${describeListener(listener)}`;
  return typeof old.address !== "string" ||
    old.address === address ||
    [old.address, address].every(isUnspecified)
    ? undefined
    : `expected another port together with another address, since nginx cannot move within port ${port} while it serves`;
}

function withoutServed(inputs: object): Record<string, unknown> {
  const { configuration: _, running: __, ...decided } = ownInputs(inputs);
  return decided;
}

function withoutChecked(inputs: object): Record<string, unknown> {
  const { njsModule: _, ...plain } = withoutServed(inputs);
  return plain;
}

function settingsOf(inputs: LocalNginxInputs, decision: Decision): NginxSettings {
  const { directory, address, port } = inputs;
  return settingsFor(inputs, decision, {
    directory,
    address,
    port,
    ...workersAccount(directory),
  });
}
