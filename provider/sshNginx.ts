import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { askOrKeep, removeFrom } from "#kinds/ssh/lostServer.ts";
import { onServer } from "#kinds/ssh/onServer.ts";
import { identityOf, isSameServer } from "#kinds/ssh/sameServer.ts";
import { sshAbilities, workersAccount } from "#kinds/ssh/sshAbilities.ts";
import { type SshProxyDescriptor, sshProxyDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import type { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { SshNginxServer } from "#kinds/ssh/sshNginxServer.ts";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { parse, problemsOf } from "#rollout/request/validate.ts";
import { type CheckAnswer, cannotMove, ownInputs, providerOf } from "./crud.ts";
import { finishWithoutEngine } from "./engineLife.ts";
import { serveUnderLease } from "./serveUnderLease.ts";
import { type Decision, decidedInputs, decideFlavour, servingInputs, settingsFor } from "./servingInputs.ts";

/** What the program says of an nginx on a server. */
export const sshNginxInputs = sshProxyDescriptor.extend({
  /** A path, or a name to look up on PATH there. */
  executable: z.string().min(1, { error: "expected the nginx command, got an empty text" }),
  ...servingInputs,
});
export type SshNginxInputs = z.infer<typeof sshNginxInputs>;

const decidedNginxInputs = sshNginxInputs.extend(decidedInputs);

const QUIT_GRACE_SECONDS = 30;
/** What may not change on a server while nginx runs there. */
const PLACE = ["directory", "supervisor", "unit"];

/**
 * Decides the flavour and renders the configuration, as far as the server has an nginx: a first preview is before
 * that. Changes nothing.
 */
export async function check(news: object, olds: object = {}): Promise<CheckAnswer<object>> {
  const given = withoutChecked(news);
  const problems = problemsOf(sshNginxInputs, given);
  if (problems.length > 0)
    return { failures: problems.map(({ property, reason }) => ({ property, reason })) };
  const inputs = parse(sshNginxInputs, given);
  const refuse = (property: string, reason: string) => ({
    failures: [{ property, reason: `${reason}. Nothing was changed.` }],
  });
  try {
    const old = ownInputs(olds);
    const key = PLACE.find((each) => old.server !== undefined && old[each] !== Reflect.get(inputs, each));
    if (key !== undefined && (await isSameServer(placeOf(old), inputs)) && (await runsAt(old))) {
      return refuse(key, cannotMove(old[key], Reflect.get(inputs, key)));
    }
    return await onServer(inputs, async (machine) => {
      const abilities = await sshAbilities(machine, inputs.executable);
      const decision = decideFlavour(inputs, abilities, `the nginx of ${inputs.server}`);
      if ("reason" in decision) return refuse(decision.property, decision.reason);
      const configuration = renderConfiguration(await settingsOf(machine, inputs, decision)).text;
      return { inputs: { ...inputs, ...decision, configuration, running: true } };
    });
  } catch (error) {
    if (error instanceof RollgateError && error.code === "nginx-missing") return { inputs };
    return refuse("server", messageOf(error));
  }
}

/** Another server is another nginx, another way to write it is not; any other change is a tested reload. */
export async function diff(
  olds: object,
  news: object,
): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace: boolean }> {
  const [old, next] = [ownInputs(olds), ownInputs(news)];
  const isSame = await isSameServer({ ...placeOf(old), identity: old.identity }, placeOf(next));
  const moved = isSame ? [] : ["server"];
  const replaces = [...moved, ...PLACE.filter((key) => old[key] !== next[key])];
  const changed = ["server", "sshConfig", "configuration", "running"].some(
    (key) => !isDeepStrictEqual(old[key], next[key]),
  );
  return { changes: changed || replaces.length > 0, replaces, deleteBeforeReplace: true };
}

/** Makes nginx serve these inputs; says what that took. */
export async function serve(inputs: object): Promise<{ id: string; outs: object }> {
  const { configuration: _, running, identity: __, ...decided } = ownInputs(inputs);
  const place = placeOf(decided);
  await onServer(place, async (machine) => {
    const server = new SshNginxServer(machine, place, String(decided.executable));
    try {
      await server.preflight();
      if (running === undefined) {
        throw new RollgateError(
          "nginx-missing",
          `${place.server}: expected nginx, found no executable ${decided.executable}`,
        );
      }
      const checked = parse(decidedNginxInputs, decided);
      const leases = new MachineLeaseStore(machine, `${place.directory}/lease`);
      await serveUnderLease(server, leases, await settingsOf(machine, checked, checked), checked);
    } finally {
      await server.access.close();
    }
  });
  const id = `${place.server}:${place.directory}`;
  return { id, outs: { ...inputs, identity: await identityOf(place) } };
}

/**
 * What nginx serves now; one that does not run, or whose file was edited, shows as a change. One whose server cannot be
 * asked is kept, so that it can be removed or replaced.
 */
export async function read(
  id: string,
  props: object,
): Promise<{ id: string; props: object; inputs: object }> {
  const own = ownInputs(props);
  const place = placeOf(own);
  const found = await askOrKeep(
    "nginx",
    () =>
      onServer(place, async (machine) => {
        const server = new SshNginxServer(machine, place, String(own.executable));
        try {
          const running = await server.isRunning();
          return { ...props, configuration: (await server.served()) ?? "", running };
        } finally {
          await server.access.close();
        }
      }),
    props,
  );
  const { identity: _, ...inputs } = ownInputs(found);
  return { id, props: found, inputs: { ...inputs, ...providerOf(props) } };
}

/** Ends nginx after its requests in flight and removes what is ours; what was provisioned is Pulumi's. */
export function remove(inputs: object): Promise<void> {
  return finishWithoutEngine(() => removeNginx(inputs));
}

async function removeNginx(inputs: object): Promise<void> {
  const own = ownInputs(inputs);
  const place = placeOf(own);
  await removeFrom(place, "nginx", `nginx (unit ${place.unit}) and ${place.directory}`, () =>
    onServer(place, async (machine) => {
      const server = new SshNginxServer(machine, place, String(own.executable));
      await server.quit(QUIT_GRACE_SECONDS);
      await server.removeFiles().finally(() => server.access.close());
    }),
  );
}

async function runsAt(old: Record<string, unknown>): Promise<boolean> {
  const place = placeOf(old);
  return onServer(place, async (machine) => {
    const server = new SshNginxServer(machine, place, String(old.executable));
    return server.isRunning().finally(() => server.access.close());
  });
}

function placeOf(inputs: object): SshProxyDescriptor {
  const keys = Object.keys(sshProxyDescriptor.shape);
  return parse(sshProxyDescriptor, Object.fromEntries(keys.map((key) => [key, Reflect.get(inputs, key)])));
}

function withoutChecked(inputs: object): Record<string, unknown> {
  const { configuration: _, running: __, njsModule: ___, identity: ____, ...plain } = ownInputs(inputs);
  return plain;
}

async function settingsOf(
  machine: SshMachine,
  inputs: SshNginxInputs,
  decision: Decision,
): Promise<NginxSettings> {
  const { directory, address, port, supervisor } = inputs;
  // Where nginx's own account may write.
  const place = { directory, address, port, pidFile: "temp/nginx.pid" };
  const started =
    supervisor === "systemd" ? { errorLog: "stderr" } : await workersAccount(machine, directory);
  return settingsFor(inputs, decision, { ...place, ...started });
}
