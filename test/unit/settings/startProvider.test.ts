import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { readSettings } from "../../../settings/readSettings.ts";

test("Pulumi is made to start our providers before the settings are read, and its refusal means nothing", async () => {
  const asked: string[] = [];
  await pulumi.runtime.setMocks({
    call: ({ token }) => {
      asked.push(token);
      throw new Error("unknown function");
    },
    newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
  });
  await expect(readSettings()).rejects.toThrow();
  await pulumi.runtime.disconnect();
  expect(asked).toEqual(["pulumi-nodejs:dynamic/rollgate:start"]);
});
