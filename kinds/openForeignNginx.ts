import { InvalidInput, messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { LeaseStore } from "#rollout/lease/lease.ts";
import type { ForeignNginxServer } from "#rollout/nginx/foreignNginxServer.ts";
import { lacksLine, loadsJavaScript } from "#rollout/nginx/foreignOwner.ts";
import type { ForeignPlace } from "#rollout/nginx/foreignPlace.ts";
import { machineAbilities } from "#rollout/nginx/machineAbilities.ts";
import { clashWith, overlapWith } from "#rollout/nginx/neighbours.ts";
import type { NginxAbilities } from "#rollout/nginx/nginxAbilities.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { servedPlace } from "#rollout/nginx/servedConfiguration.ts";
import { isPem } from "#rollout/request/frontDoor/tls.ts";
import type { OpenNginx } from "./nginxKind.ts";
import type { ServingInputs } from "./servingInputs.ts";

/** What a kind knows about its nginx that is not this stack's. */
export interface ForeignParts {
  readonly id: string;
  readonly leases: LeaseStore;
  readonly way: Pick<NginxSettings, "directory" | "address" | "port" | "controlPort">;
  /** Closes what it was reached by. */
  readonly close?: () => Promise<void>;
}

/** Opens our part of an nginx that is not this stack's. */
export function openForeignNginx(
  server: ForeignNginxServer,
  { id, leases, way, close }: ForeignParts,
): OpenNginx {
  return {
    id,
    name: "this nginx",
    server,
    leases,
    sharesPorts: false,
    abilities: async () => abilitiesOf(server),
    settings: async () => ({ ...way, isForeign: true, ...logsOf(server.place) }),
    unknown: async () => new RollgateError("nginx-stopped", "expected nginx to be running, found none"),
    refuse: async (inputs) => {
      // The rights to its unit come with the set-up of the server, after the first preview.
      await (server.place.means === "unit" ? server.requireRunning() : server.preflight()).catch(blame);
      refuseSettings(inputs);
      const serving = { ...inputs, ...way };
      const hasOwnBlock = inputs.serverNames.length > 0;
      const neighbours = await server.neighbours();
      const clash = clashWith(serving, neighbours);
      if (clash) throw clash;
      const overlap =
        server.place.owner !== undefined && !hasOwnBlock ? overlapWith(serving, neighbours) : undefined;
      if (overlap) throw overlap;
      await requireControlPort(server, way);
      const missing = hasOwnBlock ? undefined : await lacksLine(server.machine, server.place);
      if (missing !== undefined) throw new InvalidInput("foreign", missing);
    },
    close: () => server.access.close().finally(close),
  };
}

/** The unit of another stack can't write to our folder. */
function logsOf({
  means,
  owner,
  name,
}: ForeignPlace): Partial<Pick<NginxSettings, "errorLog" | "accessLogFile">> {
  if (means !== "stack" || owner === undefined) return {};
  return { errorLog: "stderr", accessLogFile: `${owner}/logs/${name}.log` };
}

/** Its modules are its owner's: what it could load but doesn't is of no use. */
async function abilitiesOf(server: ForeignNginxServer): Promise<NginxAbilities> {
  const abilities = await machineAbilities(server.machine, server.place.executable);
  const { flavours, njsModule, ...others } = abilities;
  if (njsModule === undefined || (await loadsJavaScript(server.machine, server.place)))
    return { flavours, ...others };
  const [first = "stock", ...rest] = flavours.filter((flavour) => flavour !== "njs");
  return { flavours: [first, ...rest], ...others };
}

async function requireControlPort(
  server: ForeignNginxServer,
  { controlPort }: Pick<NginxSettings, "controlPort">,
): Promise<void> {
  if (servedPlace((await server.served()) ?? "")?.controlPort === controlPort) return;
  const holder = await server.controlPortHolder();
  if (holder !== undefined) throw new InvalidInput("controlPort", `${controlPort} is taken by ${holder}`);
}

/** Rejects what needs a server block of our own, or an account of our own. */
function refuseSettings(inputs: ServingInputs): void {
  const { serverNames, tls } = inputs;
  if (tls && isPem(tls.key)) {
    throw new InvalidInput("tls.key", "expected the path of a key with nginxMode include, got PEM text");
  }
  if (serverNames.length > 0) return;
  if (tls)
    throw new InvalidInput("tls", "expected serverNames, too, or the certificate in your own server block");
  for (const setting of ["largeHeaders", "underscoresInHeaders"]) refuseSet(inputs, setting);
}

/** nginx has these only for a whole server block. */
function refuseSet(inputs: ServingInputs, setting: string): void {
  const value: unknown = Reflect.get(inputs, setting);
  if (value === undefined || value === false) return;
  throw new InvalidInput(setting, `expected it in your own server block, got ${JSON.stringify(value)} here`);
}

function blame(error: unknown): never {
  throw new InvalidInput("foreign", messageOf(error), { cause: error });
}
