import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import {
  type CheckAnswer,
  type Created,
  type Difference,
  type Found,
  GONE,
  hasUnknown,
  ownInputs,
  UNKNOWN,
} from "#provider/crud.ts";
import { finishWithoutEngine } from "#provider/engineLife.ts";
import { RollgateError } from "#rollout/common/errors.ts";
import { isFolder } from "#rollout/machine/isFolder.ts";
import { text } from "#rollout/request/fields.ts";
import { parse } from "#rollout/request/validate.ts";
import { type Change, type News, type Olds, settingIn } from "../change.ts";
import { connectionPool } from "./connectionPool.ts";
import { askOrKeep, removeFrom } from "./lostServer.ts";
import { onServer } from "./onServer.ts";
import type { ProvisionAction } from "./provision.ts";
import {
  explain,
  nameOf,
  provisionScript,
  runProvision,
  type ToProvision,
  unitsOf,
} from "./provisionPlace.ts";
import { identityOf, isSameServer } from "./sameServer.ts";
import type { SshPlace } from "./sshArguments.ts";
import { sshHostDescriptor, sshProxyDescriptor } from "./sshDescriptors.ts";
import type { SshMachine } from "./sshMachine.ts";

/** A server to set up for an app host or for nginx, and what it needs. */
export interface SshServerInputs extends ToProvision {
  /** The account that sets up servers; empty means the one that deploys. */
  readonly user: string;
  /** The account that logs in to deploy, if the program knows it. */
  readonly deployer?: string;
}

/** The inputs with what `check` adds. */
interface Checked extends SshServerInputs {
  readonly deployer: string;
  /** Tells the script that sets up the server from others. The script itself would take up most of the state. */
  readonly scriptHash: string;
}

/** Earlier versions added the script itself. */
const ADDED = ["script", "scriptHash", "deployer"];

const tlsFiles = z.object({ certificate: text, key: text });
const PLACE = ["directory", "supervisor", "unit"] as const;

/** Finds out for which account to set up the server, and with which script; changes nothing. */
export async function check({ news }: Change): Promise<CheckAnswer> {
  const inputs = ownInputs(news, ...ADDED);
  if (hasUnknown(inputs)) return { inputs: { ...inputs, deployer: UNKNOWN, scriptHash: UNKNOWN } };
  const server = serverOf(inputs);
  try {
    const deployer = await deployerOn(server.place, news);
    return { inputs: { ...inputs, deployer, scriptHash: hashOf(provisionScript(server, deployer)) } };
  } catch (error) {
    const reason = `${explain(server.place, error)}. Nothing was changed.`;
    return { failures: [{ property: "server", reason }] };
  }
}

/** The program may have asked already: Pulumi would ask one server after the other here. */
async function deployerOn(place: SshPlace, { deployer }: News): Promise<string> {
  return typeof deployer === "string" ? deployer : onServer(place, (machine) => machine.account());
}

/** Another server must be set up; another spelling of the same server changes nothing. */
export async function diff({ olds, news }: Change): Promise<Difference> {
  const [{ identity, ...old }, next] = [ownInputs(olds), ownInputs(news)];
  // What doesn't exist yet is another server.
  if (hasUnknown(next))
    return { changes: true, replaces: hasUnknown(Object(next.place).server) ? ["place"] : [] };
  const [from, to] = [serverOf(old).place, serverOf(next).place];
  const isSame = await isSameServer({ ...from, identity }, to);
  const isMoved = !isSame || PLACE.some((key) => from[key] !== to[key]);
  return {
    changes: !isDeepStrictEqual(decisive(old), decisive(next)),
    replaces: isMoved ? ["place"] : [],
    // Two places on one server can't have the same unit.
    deleteBeforeReplace: isSame,
  };
}

/** All that must stay the same; the script says for which account it is. */
function decisive({ script, scriptHash, deployer: _, ...inputs }: Record<string, unknown>) {
  return { ...inputs, scriptHash: typeof script === "string" ? hashOf(script) : scriptHash };
}

/** Sets up the server; running it twice changes nothing. */
export function create(news: News): Promise<Created> {
  return finishWithoutEngine(async () => {
    const { place } = serverOf(news);
    await provision("install", news);
    const id = `${place.server}:${place.unit}`;
    return { id, outs: { ...news, identity: await identityOf(place) } };
  });
}

/** A server without its folder, for example after a reinstallation, must be set up again. */
export async function read(id: string, olds: Olds): Promise<Found> {
  const { place } = serverOf(olds);
  const there = await askOrKeep(
    nameOf(place),
    () => onServer(place, (machine) => lookFor(machine, place.directory)),
    true,
  );
  return there ? { id, props: olds } : GONE;
}

/** The program of the same update need not look again. */
async function lookFor(machine: SshMachine, directory: string): Promise<boolean> {
  const there = await isFolder(machine, directory);
  if (there) await machine.isSetUp(directory);
  return there;
}

/** Removes everything but packages. */
export function remove(olds: Olds): Promise<void> {
  const { place, account } = serverOf(olds);
  const left = `the ${unitsOf(place)}, the account ${account} and ${place.directory}`;
  return finishWithoutEngine(() => removeFrom(place, nameOf(place), left, () => provision("remove", olds)));
}

async function provision(action: ProvisionAction, inputs: object): Promise<void> {
  const { user, deployer, ...server } = serverOf(inputs);
  const { place } = server;
  const recorded = settingIn(inputs, "script");
  const script = typeof recorded === "string" ? recorded : provisionScript(server, deployer);
  try {
    const said = await onServer({ ...place, user }, (machine) =>
      runProvision(machine, action, place, script),
    );
    await connectionPool.drop();
    // The output of an installation is only the package manager's.
    if (action === "remove" && said.trim() !== "") console.log(`${nameOf(place)}: ${said.trim()}`);
  } catch (error) {
    const code = error instanceof RollgateError ? error.code : "provision";
    throw new RollgateError(code, explain(place, error), { cause: error });
  }
}

function serverOf(inputs: object): Checked {
  const {
    place,
    user,
    account,
    graceSeconds,
    command,
    package: own,
    certificate,
    deployer,
    scriptHash,
  } = ownInputs(inputs);
  const isHost = "name" in Object(place);
  return {
    place: isHost ? parse(sshHostDescriptor, place) : parse(sshProxyDescriptor, place),
    user: String(user),
    account: String(account),
    graceSeconds: Number(graceSeconds),
    command: String(command),
    package: String(own),
    ...(certificate !== undefined && { certificate: parse(tlsFiles, certificate) }),
    deployer: String(deployer),
    scriptHash: String(scriptHash),
  };
}

function hashOf(script: string): string {
  return createHash("sha256").update(script).digest("hex");
}
