import { join } from "node:path";
import type { Olds, Values } from "#kinds/change.ts";
import { check } from "#provider/deployment.ts";
import { fakeJar } from "./fakeJava.ts";
import { FakeOrchestrator, orchestratedBy } from "./fakeOrchestrator.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** A stack whose records are in a folder; `inputs` are those for a version of its application. */
export async function newStack(more: object = {}) {
  const reports = join(await temporaryDirectory(), "dev", "reports");
  const hosts = new FakeOrchestrator();
  const { kinds, given } = orchestratedBy(hosts);
  const asked = { ...given, environment: { PASSWORD: "hunter2" }, reports, stack: "dev", ...more };
  const checked = async (version: string, olds: Olds = {}) => {
    const jar = await fakeJar({ version });
    return check({ olds, news: { ...asked, jar: { path: jar.path } } }, kinds);
  };
  const inputs = async (version: string): Promise<Values> => (await checked(version)).inputs ?? {};
  return { hosts, kinds, reports, checked, inputs };
}
