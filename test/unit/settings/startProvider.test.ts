import * as pulumi from "@pulumi/pulumi";
import { expect, test, vi } from "vitest";
import { preflight } from "../../../settings/preflight.ts";
import { readSettings } from "../../../settings/readSettings.ts";
import { stackFile } from "../../../settings/stackFile.ts";
import { configure } from "../../support/pulumi.ts";
import { read, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

/** What the program calls meanwhile; each call is refused. */
async function called(work: () => Promise<unknown>): Promise<string[]> {
  const asked: string[] = [];
  await pulumi.runtime.setMocks({
    call: ({ token }) => {
      asked.push(token);
      throw new Error("unknown function");
    },
    newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
  });
  await work();
  await pulumi.runtime.disconnect();
  return asked;
}

test("Pulumi is made to start our providers during the preflight, and its refusal means nothing", async () => {
  const settings = await read({});
  expect(await called(() => preflight(settings))).toEqual(["pulumi-nodejs:dynamic/rollgate:start"]);
});

test("no provider is started for settings that are wrong, nor before servers that are waited for", async () => {
  await configure({ kind: "nowhere" });
  expect(await called(() => expect(readSettings()).rejects.toThrow())).toEqual([]);
  const settings = await read({});
  const patience = { seconds: 300, betweenMilliseconds: 0, onWait: vi.fn() };
  expect(await called(() => preflight(settings, stackFile(), patience))).toEqual([]);
});
