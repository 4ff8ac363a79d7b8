import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { InvalidInput, messageOf } from "#rollout/common/errors.ts";
import { obstacleTo } from "#rollout/common/obstacleTo.ts";
import { text } from "#rollout/request/fields.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { type Change, settingIn, type Values } from "../change.ts";
import { hostInFolder } from "../hostInFolder.ts";
import { type HostKind, keptInputs, type OpenHost } from "../hostKind.ts";
import { findExecutable } from "./findExecutable.ts";
import { localHostDescriptor } from "./localDescriptors.ts";
import { LocalMachine } from "./localMachine.ts";
import { openLocalHost } from "./openLocalHost.ts";
import { withJava } from "./withJava.ts";

/** The inputs of a host on this machine. */
export const localHostInputs = localHostDescriptor.extend({
  /** The Java it will run: a path, or a name to look up on PATH. */
  java: text,
  ...keptInputs,
});
export type LocalHostInputs = z.infer<typeof localHostInputs>;

const PARTS = ["releases", "work", "logs"];

/** A host in a folder on this machine. */
export const localHost: HostKind = {
  inputs: localHostInputs,
  asked: "directory",
  place: ["directory"],
  prepare,
  open,
};

function open(inputs: object): OpenHost {
  const place = partOf(localHostDescriptor, inputs);
  const machine = new LocalMachine();
  return {
    ...hostInFolder(machine, place.directory, openLocalHost(place, machine)),
    id: place.name,
    make: () => makeFolders(place.directory),
    close: async () => {},
  };
}

/** Finds the Java that a roll would use, and checks that the folder can be created. */
async function prepare({ olds, news }: Change): Promise<Values> {
  const { java, directory } = partOf(localHostInputs, news);
  const known = settingIn(olds, "java");
  const launch = { java, jvmOptions: [], arguments: [] };
  const found = findExecutable(withJava(launch, typeof known === "string" ? known : undefined).java);
  if (found === undefined) {
    throw new InvalidInput("java", `expected a Java runtime, found no executable ${java}`);
  }
  const obstacle = await obstacleTo(directory);
  if (obstacle !== undefined) throw new InvalidInput("directory", obstacle);
  return { ...news, java: found };
}

async function makeFolders(directory: string): Promise<void> {
  try {
    for (const part of PARTS) await mkdir(join(directory, part), { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new Error(`directory: expected a folder that this user can write to, got ${messageOf(error)}`, {
      cause: error,
    });
  }
}
