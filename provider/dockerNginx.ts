import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { containerAbilities } from "#kinds/docker/containerAbilities.ts";
import { dockerProxyDescriptor } from "#kinds/docker/dockerDescriptors.ts";
import { DockerNginxServer } from "#kinds/docker/dockerNginxServer.ts";
import { NGINX_DIRECTORY, NGINX_PORT } from "#kinds/docker/nginxPlace.ts";
import { openEngine, requireEngine } from "#kinds/docker/openEngine.ts";
import { messageOf } from "#rollout/common/errors.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { type CheckAnswer, ownInputs, providerOf } from "./crud.ts";
import { serveUnderLease } from "./serveUnderLease.ts";
import { type Decision, decidedInputs, decideFlavour, servingInputs, settingsFor } from "./servingInputs.ts";

/** What the program says of an nginx in a container. */
export const dockerNginxInputs = dockerProxyDescriptor.extend(servingInputs);
export type DockerNginxInputs = z.infer<typeof dockerNginxInputs>;

const decidedNginxInputs = dockerNginxInputs.extend(decidedInputs);

/**
 * Decides the flavour and renders the configuration, as far as there is a container to ask: a first preview is
 * before that. Changes nothing.
 */
export async function check(news: object): Promise<CheckAnswer<object>> {
  const given = withoutChecked(news);
  const problems = problemsOf(dockerNginxInputs, given);
  if (problems.length > 0)
    return { failures: problems.map(({ property, reason }) => ({ property, reason })) };
  const inputs = parse(dockerNginxInputs, given);
  const refuse = (property: string, reason: string) => ({
    failures: [{ property, reason: `${reason}. Nothing was changed.` }],
  });
  const docker = openEngine(inputs.engine);
  try {
    await requireEngine(docker, inputs.engine);
  } catch (error) {
    return refuse("engine", messageOf(error));
  }
  try {
    const server = new DockerNginxServer(docker, placeOf(inputs));
    if (!(await server.isRunning())) return { inputs };
    const decision = decideFlavour(inputs, await containerAbilities(server.machine), "its image's nginx");
    if ("reason" in decision) return refuse(decision.property, decision.reason);
    const configuration = renderConfiguration(settingsOf(inputs, decision)).text;
    return { inputs: { ...inputs, ...decision, configuration, running: true } };
  } catch (error) {
    return refuse("container", messageOf(error));
  }
}

/** Another container is another nginx; any other change is a tested reload. */
export function diff(olds: object, news: object): { changes: boolean; replaces: string[] } {
  const [old, next] = [ownInputs(olds), ownInputs(news)];
  const replaces = ["container"].filter((key) => old[key] !== next[key]);
  const changed = ["configuration", "running", "engine"].some(
    (key) => !isDeepStrictEqual(old[key], next[key]),
  );
  return { changes: changed || replaces.length > 0, replaces };
}

/** Makes nginx serve these inputs; says what that took. */
export async function serve(inputs: object): Promise<{ id: string; outs: object }> {
  const { configuration: _, running, ...decided } = ownInputs(inputs);
  const place = placeOf(decided);
  const server = new DockerNginxServer(openEngine(place.engine), place);
  // Nothing was decided, since there was nothing to ask.
  if (running !== true) throw await server.stopped();
  const checked = parse(decidedNginxInputs, decided);
  const leases = new MachineLeaseStore(server.machine, `${NGINX_DIRECTORY}/lease`);
  try {
    await serveUnderLease(server, leases, settingsOf(checked, checked), checked);
  } finally {
    await server.access.close();
  }
  return { id: checked.container, outs: inputs };
}

/** What nginx serves now; one that does not run, or whose file was edited, shows as a change. */
export async function read(
  id: string,
  props: object,
): Promise<{ id: string; props: object; inputs: object }> {
  const place = placeOf(ownInputs(props));
  const server = new DockerNginxServer(openEngine(place.engine), place);
  const running = await server.isRunning();
  const configuration = (running && (await server.served())) || "";
  const found = { ...props, configuration, running };
  return { id, props: found, inputs: { ...ownInputs(found), ...providerOf(props) } };
}

function placeOf(inputs: object) {
  const { engine, container, address, port } = Object(inputs);
  return parse(dockerProxyDescriptor, { kind: "docker", engine, container, address, port });
}

function withoutChecked(inputs: object): Record<string, unknown> {
  const { configuration: _, running: __, njsModule: ___, ...plain } = ownInputs(inputs);
  return plain;
}

function settingsOf(inputs: DockerNginxInputs, decision: Decision): NginxSettings {
  const place = { directory: NGINX_DIRECTORY, address: "0.0.0.0", port: NGINX_PORT, errorLog: "stderr" };
  return settingsFor(inputs, decision, place);
}
