import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { messageOf } from "../errors.ts";
import { integer, urlPath } from "../fields.ts";
import { Lease } from "../lease.ts";
import { detectFlavour } from "../local/detectFlavour.ts";
import { LocalLeaseStore } from "../local/localLeaseStore.ts";
import { findNginx, quitNginx, runningNginx } from "../local/nginxProcess.ts";
import { removeEmpty } from "../local/removeEmpty.ts";
import { serveConfiguration } from "../local/serveConfiguration.ts";
import { describeListener, listenerOn } from "../local/tcpTable.ts";
import { workersAccount } from "../local/workersAccount.ts";
import { type NginxSettings, renderConfiguration } from "../nginx/renderConfiguration.ts";
import { flavour, hostDescriptor, proxyDescriptor } from "../rollRequest.ts";
import { parse, problemsOf } from "../validate.ts";
import { type CheckAnswer, cannotMove, ownInputs, providerOf } from "./crud.ts";
import { leaseOwner, leaseTiming } from "./leaseOptions.ts";
import { outliveReader } from "./outliveReader.ts";

/** What the program says of nginx. */
export const localNginxInputs = proxyDescriptor.extend({
  /** A path, or a name to look up on PATH. */
  executable: z.string().min(1, { error: "expected the nginx command, got an empty text" }),
  /** `auto` takes the best that this nginx can do. */
  flavour: z.enum(["auto", ...flavour.options], {
    error: (issue) => `expected auto, ${flavour.options.join(" or ")}, got ${JSON.stringify(issue.input)}`,
  }),
  hosts: z.array(hostDescriptor.pick({ name: true, address: true, port: true })),
  healthPath: urlPath,
  slowestRequestSeconds: integer(0, 3600),
  /** How long a host that leaves may take to finish its requests. */
  settleSeconds: integer(0, 3600),
  leaseWaitSeconds: integer(0, 86_400),
  check: z.strictObject({
    path: urlPath,
    intervalMilliseconds: integer(100, 600_000),
    rise: integer(1, 100),
    fall: integer(1, 100),
    timeoutMilliseconds: integer(10, 600_000),
  }),
  statusAllow: z.array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
      error: (issue) =>
        `expected an address or a network such as 10.0.0.0/8, got ${JSON.stringify(issue.input)}`,
    }),
  ),
});
export type LocalNginxInputs = z.infer<typeof localNginxInputs>;

/** Inputs after `check`: with the flavour decided and the configuration to show in a preview. */
interface CheckedInputs extends LocalNginxInputs {
  readonly configuration: string;
  readonly running: boolean;
}

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
    const best = await detectFlavour(await findNginx(inputs.executable));
    const chosen = inputs.flavour === "auto" ? best : inputs.flavour;
    if (chosen === "check-module" && best !== "check-module") {
      return refuse(
        "flavour",
        `expected an nginx with the upstream check module, ${inputs.executable} has none`,
      );
    }
    const { directory: left } = ownInputs(olds);
    if (typeof left === "string" && left !== inputs.directory && (await runningNginx(left))) {
      return refuse("directory", cannotMove(left, inputs.directory));
    }
    const obstacle = await portObstacle(ownInputs(olds), inputs);
    if (obstacle !== undefined) return refuse("port", obstacle);
    const configuration = renderConfiguration(settingsOf({ ...inputs, flavour: chosen })).text;
    return { inputs: { ...inputs, flavour: chosen, configuration, running: true } satisfies CheckedInputs };
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
  outliveReader();
  const checked = parse(localNginxInputs, withoutChecked(inputs));
  const executable = await findNginx(checked.executable);
  const settings = settingsOf(checked);
  const lease = await Lease.acquire(
    new LocalLeaseStore(join(checked.directory, "lease")),
    leaseOwner(),
    leaseTiming(checked.leaseWaitSeconds),
    { signal: new AbortController().signal, onWait: ({ owner }) => console.log(`waiting for ${owner}`) },
  );
  const outcome = await serveConfiguration(executable, settings, checked.settleSeconds).finally(() =>
    lease.release(),
  );
  console.log(`nginx ${outcome} at http://${checked.address}:${checked.port} (${settings.flavour})`);
  return { id: checked.directory, outs: inputs };
}

/** What nginx serves now; one that does not run, or whose file was edited, shows as a change. */
export async function read(
  id: string,
  props: object,
): Promise<{ id: string; props: object; inputs: object }> {
  const { directory } = parse(localNginxInputs, withoutChecked(props));
  const configuration = await readFile(join(directory, "nginx.conf"), "utf8").catch(() => "");
  const running = (await runningNginx(directory)) !== undefined;
  const found = { ...props, configuration, running };
  return { id, props: found, inputs: { ...ownInputs(found), ...providerOf(props) } };
}

/** Ends nginx after its requests in flight and removes what is ours. */
export async function remove(inputs: object): Promise<void> {
  const { directory } = parse(localNginxInputs, withoutChecked(inputs));
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
  return old.address === undefined || old.address === address
    ? undefined
    : `expected another port together with another address, since nginx cannot move within port ${port} while it serves`;
}

function withoutChecked(inputs: object): Record<string, unknown> {
  const { configuration: _, running: __, ...plain } = ownInputs(inputs);
  return plain;
}

function settingsOf(inputs: LocalNginxInputs): NginxSettings {
  const { flavour: chosen, directory, address, port, hosts, check: policy, statusAllow } = inputs;
  return {
    flavour: chosen === "auto" ? "stock" : chosen,
    directory,
    address,
    port,
    hosts,
    check: policy,
    healthPath: inputs.healthPath,
    slowestRequestSeconds: inputs.slowestRequestSeconds,
    statusAllow,
    ...workersAccount(directory),
  };
}
