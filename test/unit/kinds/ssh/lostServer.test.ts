import { beforeEach, expect, test, vi } from "vitest";
import { explainSsh } from "#kinds/ssh/explainSsh.ts";
import { CommandFailed } from "#rollout/machine/machine.ts";
import { ownCopy } from "../../../support/ownCopy.ts";

const { askOrKeep, removeFrom, wasReached }: typeof import("#kinds/ssh/lostServer.ts") = await import(
  ownCopy("kinds/ssh/lostServer.ts")
);

const gone = { server: "deploy@s2", sshConfig: "" };
const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
  return () => vi.restoreAllMocks();
});

const failWith = (words: string) => async () => {
  throw explainSsh(gone, words);
};
const remove = (work: () => Promise<void>, place = gone) =>
  removeFrom(place, "app-2", "the unit u and /srv/a", work);
const timedOut = failWith("ssh: connect to host s2 port 22: Connection timed out");

test("nothing counts as gone while no server at all can be reached", async () => {
  await expect(remove(timedOut)).rejects.toThrow(
    /^app-2: deploy@s2 cannot be reached: .*timed out\. No other server could be reached either, .*network or your keys\. Nothing was removed\. .*`pulumi stack rm --force`$/,
  );
  const place = { server: "deploy@s5", sshConfig: "" };
  wasReached(place);
  await expect(remove(timedOut, place)).rejects.toThrow(/No other server could be reached either/);
  expect(printed).toEqual([]);
});

test("a server that accepted one login and refuses another does not count as gone", async () => {
  const place = { server: "deploy@s3", sshConfig: "" };
  wasReached(place);
  wasReached({ server: "deploy@s1", sshConfig: "" });
  const refused = explainSsh(place, "root@s3: Permission denied (publickey).");
  const failing = async () => {
    throw refused;
  };
  await expect(remove(failing, place)).rejects.toBe(refused);
  expect(printed).toEqual([]);
});

test("a server that was reached and then disappears during a removal is left behind with a warning", async () => {
  const place = { server: "deploy@s4", sshConfig: "" };
  wasReached(place);
  wasReached({ server: "deploy@s1", sshConfig: "" });
  await remove(timedOut, place);
  expect(printed).toEqual([expect.stringMatching(/^warning: app-2: .*timed out/)]);
});

test.each([
  [
    "does not answer",
    "ssh: connect to host s2 port 22: Connection timed out",
    /cannot be reached: .*timed out/,
  ],
  [
    "has another host key",
    "REMOTE HOST IDENTIFICATION HAS CHANGED",
    /its host key differs from the known one/,
  ],
  ["has no known host key", "Host key verification failed.", /its host key is unknown/],
  ["lets nobody in", "deploy@s2: Permission denied (publickey).", /the login was refused/],
])("a server that %s is left behind with a warning, once another was reached", async (_, words, reason) => {
  wasReached({ server: "deploy@s1", sshConfig: "" });
  await remove(failWith(words));
  expect(printed).toHaveLength(1);
  expect(printed[0]).toMatch(/^warning: app-2: deploy@s2/);
  expect(printed[0]).toMatch(reason);
  expect(printed[0]).toMatch(
    /It was removed from the stack, but left on the server: the unit u and \/srv\/a$/,
  );
});

test("a failure on a server that can be reached is no reason to leave it behind", async () => {
  wasReached({ server: "deploy@s1", sshConfig: "" });
  const failing = async () => {
    throw new CommandFailed("s2", 1, "rm: Read-only file system");
  };
  await expect(remove(failing)).rejects.toThrow("rm: Read-only file system");
  expect(printed).toEqual([]);
});

test("the state of a server that cannot be reached is kept, and one line says so", async () => {
  expect(await askOrKeep("app-2", timedOut, "kept")).toBe("kept");
  expect(printed).toEqual([
    "app-2: deploy@s2 cannot be reached: ssh: connect to host s2 port 22: Connection timed out. Its recorded state was kept",
  ]);
});

test("a bug is not mistaken for an unreachable server", async () => {
  const buggy = async () => {
    throw new TypeError("x is not a function");
  };
  await expect(askOrKeep("app-2", buggy, "kept")).rejects.toThrow(TypeError);
});
