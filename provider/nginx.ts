import { z } from "zod";
import { type Change, differing, type News, type Olds, type Values } from "#kinds/change.ts";
import { machineKind } from "#kinds/kinds.ts";
import type { NginxKind, OpenNginx } from "#kinds/nginxKind.ts";
import {
  type Decision,
  decide,
  decidedInputs,
  type ServingInputs,
  servingInputs,
  settingsFor,
} from "#kinds/servingInputs.ts";
import { closing } from "#rollout/common/closing.ts";
import { InvalidInput, RollgateError } from "#rollout/common/errors.ts";
import { inOrder } from "#rollout/common/inOrder.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { requireFolders } from "#rollout/nginx/prepareSite.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { answerNow, isServed } from "#rollout/nginx/serveConfiguration.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { ChecksAhead } from "./checkAhead.ts";
import {
  type CheckAnswer,
  type Created,
  type Difference,
  type Found,
  hasUnknown,
  ownInputs,
  providerOf,
  UNKNOWN,
} from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";
import { hashedConfiguration, hasText } from "./hashedConfiguration.ts";
import { certificateFound, requireCertificate, requireCertificateText } from "./nginxCertificate.ts";
import { requireOneToServe, requirePorts } from "./nginxChange.ts";
import { isTakenOver } from "./nginxKeeper.ts";
import { movedBy, refusal, refuseToMove } from "./openPlaced.ts";
import { serveUnderLease } from "./serveUnderLease.ts";

const decidedServing = z.object({ ...servingInputs, ...decidedInputs });
const QUIT_GRACE_SECONDS = 30;
const ahead = new ChecksAhead(checkNow);
/** What `check` adds to the inputs, and `create` to the outputs. */
const DECIDED = ["configuration", "running", "njsModule", "tlsDecision", "certificateHash", "identity"];

/**
 * Decides on the flavour and renders the configuration, if there is an nginx to ask; in a first preview there may be
 * none. Rejects what nginx doesn't support; changes nothing.
 */
export async function check({ olds, news }: Change): Promise<CheckAnswer> {
  const given = ownInputs(news, ...DECIDED);
  if (hasUnknown(given)) return { inputs: { ...given, configuration: UNKNOWN, running: true } };
  return ahead.check({ olds: ownInputs(olds), news: given });
}

async function checkNow(change: Change): Promise<CheckAnswer> {
  const { news: given } = change;
  const kind = await kindOf(given);
  const problems = problemsOf(kind.inputs, given);
  if (problems.length > 0)
    return { failures: problems.map(({ property, reason }) => ({ property, reason })) };
  try {
    const inputs = parse(kind.inputs, given);
    if (!kind.isPulumis) await refuseToMove(kind, change, ({ server }) => isServing(server));
    return await closing(kind.open(inputs), async (nginx) => {
      const [abilities] = await inOrder(
        nginx.abilities(),
        nginx.refuse?.(inputs),
        nginx.sharesPorts && requirePorts(nginx, change.olds, inputs),
      );
      if (abilities === undefined) {
        requireCertificateText(inputs);
        return { inputs };
      }
      await requireOneToServe(nginx, change.olds, inputs);
      const decision = decide(inputs, abilities, nginx.name);
      if ("reason" in decision) throw new InvalidInput(decision.property, decision.reason);
      // A container that is there lacks the folders that a new one will have.
      if (!kind.isPulumis) await requireFolders(nginx.server.machine, inputs);
      const certificate = await requireCertificate(nginx, inputs, decision);
      const configuration = renderConfiguration(await settingsOf(nginx, inputs, decision)).text;
      return { inputs: { ...inputs, ...decision, ...certificate, configuration, running: true } };
    });
  } catch (error) {
    return refusal(error, kind.asked);
  }
}

/** Another place is another nginx; any other change is a reload. */
export async function diff({ olds, news }: Change): Promise<Difference> {
  const change = { olds: ownInputs(olds), news: ownInputs(news) };
  if (change.olds.kind !== change.news.kind) return { changes: true, replaces: ["kind"] };
  const kind = await kindOf(change.news);
  const moved = await movedBy(kind, change);
  const replaces = [...moved, ...differing(change, kind.place)];
  const hashed = { olds: hashedConfiguration(change.olds), news: hashedConfiguration(change.news) };
  const changed = differing(hashed, ["configuration", "running", "certificateHash", ...kind.ways]);
  return {
    changes: changed.length > 0 || replaces.length > 0,
    replaces,
    // On another machine, the old one goes on serving until the new one does.
    ...(kind.deleteBeforeReplace && moved.length === 0 && { deleteBeforeReplace: true }),
  };
}

/** Makes nginx serve these inputs. */
export async function create(news: News): Promise<Created> {
  await ahead.end();
  const { running, ...own } = ownInputs(news);
  const kind = await kindOf(own);
  return closing(kind.open(own), async (nginx) => {
    await nginx.server.preflight();
    if (running !== true) throw await nginx.unknown();
    const checked = partOf(decidedServing, own);
    await serveUnderLease(kind, nginx, await settingsOf(nginx, checked, checked), checked);
    return { id: nginx.id, outs: hashedConfiguration({ ...news, ...(await kind.outputs?.(own)) }) };
  });
}

/** Reads what nginx serves; if it is not running or its file was edited, that shows up as a change. */
export async function read(id: string, olds: Olds): Promise<Found> {
  const own = ownInputs(olds);
  const kind = await kindOf(own);
  const ask = () =>
    closing(kind.open(own), async (nginx) => {
      const { server } = nginx;
      const asked = server.isRunning();
      // A stopped container can't be read.
      const isReadable = !kind.isPulumis || (await asked);
      // Far away, to ask one after the other would take two round trips more.
      const answer = isReadable && olds.running === true ? answerNow(server.access) : undefined;
      const [running, configuration, certificate] = await inOrder(
        asked,
        isReadable ? server.served() : undefined,
        isReadable ? certificateFound(nginx, own) : {},
      );
      const serving = running && (await isServed(server.access, configuration ?? "", answer));
      return { ...olds, ...certificate, configuration: configuration ?? "", running: serving };
    });
  const found = await (kind.askOrKeep?.<Values>(own, ask, olds) ?? ask());
  // Nobody could be asked, and the recorded inputs have more than the outputs.
  if (found === olds) return { id, props: olds };
  const inputs = ownInputs(found, "identity");
  if (found.running === true && !kind.isPulumis)
    ahead.begin({ olds: inputs, news: { ...ownInputs(inputs, ...DECIDED), flavour: "auto" } });
  return {
    id,
    // An update makes them shorter, not a refresh, which would show it as a change.
    props: hasText(olds) ? found : hashedConfiguration(found),
    inputs: { ...inputs, ...providerOf(olds) },
  };
}

/** Stops nginx once its requests are finished, and removes our files, unless Pulumi or another resource does that. */
export async function remove(olds: Olds): Promise<void> {
  await ahead.end();
  const own = ownInputs(olds);
  const kind = await kindOf(own);
  // Whatever can't be removed now ends by itself.
  if (kind.isPulumis) return kind.removeLeftovers?.(own).catch(() => {});
  const removeNginx = () =>
    closing(kind.open(own), async (nginx) => {
      const { server } = nginx;
      if (await isTakenOver(nginx, typeof own.keeper === "string" ? own.keeper : undefined)) return;
      await requireAlone(server);
      await server.quit(QUIT_GRACE_SECONDS);
      await server.removeFiles();
    });
  await finishWithoutEngine(() => kind.removeOrLeave?.(own, removeNginx) ?? removeNginx());
}

/** Whether nginx runs and has our configuration, or our part of it. */
async function isServing(server: NginxServer): Promise<boolean> {
  return (await server.isRunning()) && (!server.isForeign || (await server.served()) !== undefined);
}

/** Other stacks need the nginx of this one. */
async function requireAlone(server: NginxServer): Promise<void> {
  if (server.isForeign) return;
  const folders = (await server.neighbours()).map(({ directory }) => directory);
  if (folders.length === 0) return;
  throw new RollgateError(
    "nginx-shared",
    `expected no other stack behind this nginx, got the one in ${folders.join(" and the one in ")}: destroy it first. nginx was not touched.`,
  );
}

async function kindOf({ kind }: Values): Promise<NginxKind> {
  return machineKind(kind).nginx();
}

async function settingsOf(
  nginx: OpenNginx,
  inputs: ServingInputs,
  decision: Decision,
): Promise<NginxSettings> {
  return settingsFor(inputs, decision, await nginx.settings());
}
