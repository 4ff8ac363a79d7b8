import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { kindNamed } from "#kinds/kinds.ts";
import type { NginxKind, OpenNginx } from "#kinds/nginxKind.ts";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { isUnspecified } from "#rollout/machine/connections.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { servedPlace } from "#rollout/nginx/servedConfiguration.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { type CheckAnswer, cannotMove, ownInputs, providerOf } from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";
import { serveUnderLease } from "./serveUnderLease.ts";
import {
  type Decision,
  decidedInputs,
  decideFlavour,
  type ServingInputs,
  servingInputs,
  settingsFor,
} from "./servingInputs.ts";

/** What the program says, and what the state says: by name, so that none is taken for the other. */
export interface Change {
  readonly olds: object | undefined;
  readonly news: object;
}

const decidedServing = z.object({ ...servingInputs, ...decidedInputs });
const QUIT_GRACE_SECONDS = 30;

/**
 * Decides the flavour and renders the configuration, as far as there is an nginx to ask: a first preview may be
 * before that. Refuses what nginx could not do; changes nothing.
 */
export async function check({ olds, news }: Change): Promise<CheckAnswer<object>> {
  const given = withoutChecked(news);
  const kind = await kindOf(given);
  const problems = problemsOf(kind.inputs, given);
  if (problems.length > 0)
    return { failures: problems.map(({ property, reason }) => ({ property, reason })) };
  try {
    const inputs = parse(kind.inputs, given);
    await refuseToMove(kind, ownInputs(olds ?? {}), given);
    return await withNginx(kind, inputs, async (nginx) => {
      const abilities = await nginx.abilities();
      if (nginx.sharesPorts) await requirePort(nginx, ownInputs(olds ?? {}));
      if (abilities === undefined) return { inputs };
      const decision = decideFlavour(inputs, abilities, nginx.name);
      if ("reason" in decision) throw new InvalidInput(decision.property, decision.reason);
      const configuration = renderConfiguration(await settingsOf(nginx, inputs, decision)).text;
      return { inputs: { ...inputs, ...decision, configuration, running: true } };
    });
  } catch (error) {
    const { property, reason } =
      error instanceof InvalidInput ? error : { property: kind.asked, reason: messageOf(error) };
    return { failures: [{ property, reason: `${reason}. Nothing was changed.` }] };
  }
}

/** Another place is another nginx; any other change is a tested reload. */
export async function diff({
  olds,
  news,
}: Change): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace?: true }> {
  const [old, next] = [ownInputs(olds ?? {}), ownInputs(news)];
  if (old.kind !== next.kind) return { changes: true, replaces: ["kind"] };
  const kind = await kindOf(next);
  const differs = (key: string) => !isDeepStrictEqual(old[key], next[key]);
  const replaces = [...((await kind.moved?.(old, next)) ?? []), ...kind.place.filter(differs)];
  const changed = ["configuration", "running", ...kind.ways].some(differs);
  return {
    changes: changed || replaces.length > 0,
    replaces,
    ...(kind.deleteBeforeReplace && { deleteBeforeReplace: true }),
  };
}

/** Makes nginx serve these inputs; says what that took. */
export async function serve(inputs: object): Promise<{ id: string; outs: object }> {
  const { running, ...own } = ownInputs(inputs);
  const kind = await kindOf(own);
  return withNginx(kind, own, async (nginx) => {
    await nginx.server.preflight();
    if (running !== true) throw await nginx.unknown();
    const keys = Object.keys(decidedServing.shape).filter((key) => own[key] !== undefined);
    const checked = parse(decidedServing, Object.fromEntries(keys.map((key) => [key, own[key]])));
    await serveUnderLease(nginx.server, nginx.leases, await settingsOf(nginx, checked, checked), checked);
    return { id: nginx.id, outs: { ...inputs, ...(await kind.outputs?.(own)) } };
  });
}

/** What nginx serves now; one that does not run, or whose file was edited, shows as a change. */
export async function read(
  id: string,
  props: object,
): Promise<{ id: string; props: object; inputs: object }> {
  const own = ownInputs(props);
  const kind = await kindOf(own);
  const ask = () =>
    withNginx(kind, own, async ({ server }) => {
      const running = await server.isRunning();
      // Nothing can be read in a container that does not run.
      const configuration = running || kind.remove ? await server.served() : undefined;
      return { ...props, configuration: configuration ?? "", running };
    });
  const found = await (kind.askOrKeep ? kind.askOrKeep<object>(ask, props) : ask());
  const { identity: _, ...inputs } = ownInputs(found);
  return { id, props: found, inputs: { ...inputs, ...providerOf(props) } };
}

/** Ends nginx after its requests in flight and removes what is ours, as far as that is not Pulumi's. */
export async function remove(props: object): Promise<void> {
  const own = ownInputs(props);
  const kind = await kindOf(own);
  const removeNginx = () =>
    withNginx(kind, own, async ({ server }) => {
      await server.quit(QUIT_GRACE_SECONDS);
      await server.removeFiles();
    });
  await finishWithoutEngine(async () => kind.remove?.(own, removeNginx));
}

async function kindOf({ kind }: { readonly kind?: unknown }): Promise<NginxKind> {
  return kindNamed(String(kind)).nginx();
}

async function withNginx<T>(
  kind: NginxKind,
  inputs: object,
  work: (nginx: OpenNginx) => Promise<T>,
): Promise<T> {
  const nginx = await kind.open(inputs);
  try {
    return await work(nginx);
  } finally {
    await nginx.close();
  }
}

/** One that runs cannot be left for another place: that would be an outage. */
async function refuseToMove(
  kind: NginxKind,
  old: Record<string, unknown>,
  next: Record<string, unknown>,
): Promise<void> {
  const key = kind.place.find((each) => old.kind === next.kind && old[each] !== next[each]);
  if (key === undefined || !kind.remove) return;
  if (kind.moved && (await kind.moved(old, next)).length > 0) return;
  const runs = await withNginx(kind, old, ({ server }) => server.isRunning());
  if (runs) throw new InvalidInput(key, cannotMove(old[key], next[key]));
}

/** Refuses a port that is somebody else's, whether nginx is to start there or to move there. */
async function requirePort(nginx: OpenNginx, old: Record<string, unknown>): Promise<void> {
  const { server, settings } = nginx;
  const { address, port } = await settings();
  const before = (await server.isRunning())
    ? (servedPlace((await server.served()) ?? "") ?? { address: old.address, port: old.port })
    : undefined;
  if (before?.port === port && before.address === address) return;
  const holder = await server.portHolder();
  // Its supervisor has just started it again.
  if (holder !== undefined && before === undefined && (await server.isRunning())) {
    return requirePort(nginx, old);
  }
  if (holder === undefined) return;
  if (before?.port !== port) throw new InvalidInput("port", `${port} is taken by ${holder}`);
  if (typeof before.address === "string" && [before.address, address].every(isUnspecified)) return;
  throw new InvalidInput(
    "port",
    `expected another port together with another address, since nginx cannot move within port ${port} while it serves`,
  );
}

async function settingsOf(
  nginx: OpenNginx,
  inputs: ServingInputs,
  decision: Decision,
): Promise<NginxSettings> {
  return settingsFor(inputs, decision, await nginx.settings());
}

function withoutChecked(inputs: object): Record<string, unknown> {
  const { configuration: _, running: __, njsModule: ___, identity: ____, ...plain } = ownInputs(inputs);
  return plain;
}
