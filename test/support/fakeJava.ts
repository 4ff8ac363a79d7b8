import type { Jar } from "#rollout/release/jar.ts";
import { type Behaviour, writeFakeJar, writeFakeJava } from "../../harness/fakeApplication.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** A command that replaces java and runs fake jars; removed after the test unless given a directory. */
export async function fakeJava(directory?: string): Promise<string> {
  return writeFakeJava(directory ?? (await temporaryDirectory()));
}

/** A jar that `fakeJava` can run; removed after the test unless given a directory. */
export async function fakeJar(behaviour: Behaviour, directory?: string): Promise<Jar> {
  return writeFakeJar(behaviour, directory ?? (await temporaryDirectory()));
}
