import { join } from "node:path";
import { expect, test } from "vitest";
import { writeJar } from "../../../harness/zip.ts";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

withoutPulumi();

async function newJar(version: string): Promise<string> {
  return writeJar(join(await temporaryDirectory(), "next.jar"), version);
}

test("by default, no host is a canary", async () => {
  const found = await read({});
  expect(found).not.toHaveProperty("canary");
  expect(found.rollout).not.toHaveProperty("canary");
});

test("the jar of canaries is read before anything is declared", async () => {
  const jar = await newJar("2.0.0");
  const { canary, nginx } = await read({ canary: { hosts: ["app-1"], jar, soakSeconds: 60 } });
  expect(nginx.canary).toEqual({ hosts: ["app-1"], traffic: "share" });
  expect(canary).toEqual({
    hosts: ["app-1"],
    soakSeconds: 60,
    release: expect.stringMatching(/^2\.0\.0-[0-9a-f]{12}$/),
    jar: { path: jar, version: "2.0.0", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  const other = await read({ canary: { hosts: ["app-2"], jar, version: "next", traffic: "testers" } });
  expect(other.nginx.canary).toEqual({ hosts: ["app-2"], traffic: "testers" });
  expect(other.canary?.release).toMatch(/^next-/);
});

test.each<[title: string, canary: object, line: string]>([
  ["no jar", { hosts: ["app-1"] }, "canary.jar: expected a jar, got nothing"],
  ["no hosts", { jar: "/x.jar" }, "canary.hosts: expected a list of hosts, got nothing"],
  ["an empty list", { hosts: [], jar: "/x.jar" }, "canary.hosts: expected at least one host, got none"],
  [
    "a host that is none",
    { hosts: ["app-1", "app-9"], jar: "/x.jar" },
    "canary.hosts[1]: expected the name of a host, got app-9",
  ],
  [
    "all hosts",
    { hosts: ["app-1", "app-2"], jar: "/x.jar" },
    "canary.hosts: expected some of the hosts, got all of them: set jar instead",
  ],
  [
    "an unknown kind of traffic",
    { hosts: ["app-1"], jar: "/x.jar", traffic: "5%" },
    'canary.traffic: expected share or testers, got "5%"',
  ],
  ["an unknown key", { hosts: ["app-1"], jar: "/x.jar", share: 5 }, "canary.share: unknown setting"],
  [
    "a soak without an end",
    { hosts: ["app-1"], jar: "/x.jar", soakSeconds: -1 },
    "canary.soakSeconds: expected 0–86400, got -1",
  ],
])("canaries with %s are rejected", async (_, canary, line) => {
  expect(await refusal({ canary })).toBe(`rollgate:${line}. Nothing was changed.`);
});

test("a jar of canaries that is missing is named as theirs", async () => {
  expect(await refusal({ canary: { hosts: ["app-1"], jar: "/nowhere/next.jar" } })).toMatch(
    /^rollgate:canary\.jar: .*\/nowhere\/next\.jar.*\. Nothing was changed\.$/,
  );
});
