import { spawnSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { bucketOf } from "#rollout/ledger/latency.ts";
import { parseSums } from "#rollout/ledger/parseSums.ts";
import { nginxScript } from "#rollout/nginx/nginxScripts.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const SCRIPT = `${nginxScript("sum-ledger")}\nsum_ledger 7 100`;
const AWKS = { mawk: "mawk", busybox: "busybox", gawk: "gawk" } as const;
const found = await Promise.all(
  Object.values(AWKS).map(async (name) => [name, await findExecutable(name)] as const),
);
const installed = found.flatMap(([name, path]) => (path === undefined ? [] : [[name, path] as const]));

/** Sums lines up with this awk, as `awk` in the `PATH`. */
async function sums(awk: string, text: string) {
  const bin = join(await temporaryDirectory(), "bin");
  await mkdir(bin);
  await symlink(awk, join(bin, "awk"));
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const { stdout, stderr } = spawnSync("sh", ["-c", SCRIPT], { input: text, encoding: "utf8", env });
  expect(stderr).toBe("");
  return parseSums(stdout);
}

/** A line as nginx writes it. */
function line(fields: Partial<Record<keyof typeof USUAL, string>> = {}): string {
  return `${Object.values({ ...USUAL, ...fields }).join("|")}|;\n`;
}

const USUAL = {
  at: "1764217092.123",
  place: "10.0.0.1:8080",
  status: "200",
  upstreamStatus: "200",
  time: "0.057",
  headerTime: "0.055",
  upstreamTime: "0.056",
  received: "300",
  method: "GET",
  bytes: "250",
  completion: "OK",
};
const NONE = { requests: 1, lost: 0, errors: 0, cut: 0, retries: 0, bytes: 250 };
const FAST = { [bucketOf(57)]: 1 };

test("there is an awk with few functions to test with", () => {
  expect(installed.map(([name]) => name)).toContain("busybox");
});

describe.each(installed)("%s", (_, awk) => {
  test("counts requests by second and place", async () => {
    const { sums: counted, position } = await sums(
      awk,
      [
        line(),
        line({ time: "0.000" }),
        line({ at: "1764217092.999", place: "[::1]:8080" }),
        line({ at: "1764217093.000", bytes: "5000000000" }),
      ].join(""),
    );
    const at = { second: 1764217092, place: "10.0.0.1:8080" };
    expect(counted).toEqual([
      { ...at, ...NONE, requests: 2, bytes: 500, latency: { 0: 1, ...FAST } },
      { ...at, ...NONE, place: "[::1]:8080", latency: FAST },
      { ...at, ...NONE, second: 1764217093, bytes: 5_000_000_000, latency: FAST },
    ]);
    expect(position).toMatch(/^7:\d+$/);
  });

  test("counts the rollout's own requests apart", async () => {
    const own = line({ at: "1764217092.500" }).replace(/;\n$/, "p;\n");
    const { sums: counted } = await sums(awk, [line(), own, own, line({ place: "-" })].join(""));
    const at = { second: 1764217092, place: "10.0.0.1:8080" };
    expect(counted).toEqual([
      { ...at, ...NONE, latency: FAST },
      { ...at, ...NONE, isProbe: true, requests: 2, bytes: 500, latency: { [bucketOf(57)]: 2 } },
      { second: at.second, ...NONE, latency: FAST },
    ]);
  });

  test("lists the paths that failed most, if lines have them", async () => {
    const error = { status: "500", upstreamStatus: "500" };
    const lost = { status: "502", upstreamStatus: "502", headerTime: "-", received: "0" };
    const at = (path: string, fields: Parameters<typeof line>[0] = {}) =>
      line(fields).replace(/;\n$/, `${path}|;\n`);
    const many = Array.from({ length: 30 }, (__, each) => at(`/many/${each}`, error));
    const { sums: counted, paths } = await sums(
      awk,
      [
        at("/good"),
        at("/a b", error),
        at("/a b", error),
        at("/a b", lost),
        at("/lost", lost),
        at("/lost", lost),
        ...many,
      ].join(""),
    );
    expect(counted).toMatchObject([{ requests: 36, lost: 3, errors: 32 }]);
    expect(paths?.slice(0, 2)).toEqual([
      { path: "/a b", lost: 1, errors: 2 },
      { path: "/lost", lost: 2, errors: 0 },
    ]);
    expect(paths).toHaveLength(20);
    expect((await sums(awk, line(error))).paths).toEqual([]);
  });

  test("puts latencies into the same buckets as the rollout does", async () => {
    const milliseconds = Array.from({ length: 3_000 }, (__, index) => index).concat([
      59_999, 60_000, 3_600_000,
    ]);
    const text = milliseconds.map((each) => line({ time: (each / 1000).toFixed(3) })).join("");
    const expected: Record<number, number> = {};
    for (const each of milliseconds) expected[bucketOf(each)] = (expected[bucketOf(each)] ?? 0) + 1;
    expect((await sums(awk, text)).sums[0]?.latency).toEqual(expected);
  });

  test.each<[string, Parameters<typeof line>[0], Record<string, unknown>]>([
    [
      "a host that refuses is a request lost",
      { status: "502", upstreamStatus: "502", headerTime: "-", received: "0" },
      { lost: 1 },
    ],
    [
      "one that an older nginx gives a time for the header that never came, too",
      { status: "502", upstreamStatus: "502", headerTime: "0.001", received: "0" },
      { lost: 1 },
    ],
    [
      "one that breaks off within the header, too",
      { status: "502", upstreamStatus: "502", headerTime: "-", received: "20" },
      { lost: 1 },
    ],
    [
      "no host takes traffic",
      { status: "503", place: "-", upstreamStatus: "-", headerTime: "-", received: "-" },
      { lost: 1, place: undefined },
    ],
    [
      "every host was out, by nginx's own failover",
      { status: "502", place: "market_all", upstreamStatus: "502", headerTime: "-", received: "0" },
      { lost: 1, place: undefined },
    ],
    ["an error of the application", { status: "503", upstreamStatus: "503" }, { errors: 1 }],
    [
      "a second try that succeeded",
      {
        place: "10.0.0.2:8080, 10.0.0.1:8080",
        upstreamStatus: "502, 200",
        headerTime: "-, 0.055",
        received: "0, 300",
      },
      { retries: 1 },
    ],
    [
      "two hosts that refused are one request lost, on the second of them",
      {
        status: "502",
        place: "10.0.0.2:8080, 10.0.0.1:8080",
        upstreamStatus: "502, 502",
        headerTime: "-, -",
        received: "0, 0",
      },
      { lost: 1, retries: 1 },
    ],
    [
      "a client that went away",
      { status: "499", upstreamStatus: "-", headerTime: "-", received: "0", completion: "" },
      { cut: 1, latency: {} },
    ],
    ["an answer that broke off", { completion: "" }, { cut: 1 }],
    ["an upgraded connection, whenever it ends", { status: "101", completion: "" }, { latency: {} }],
    ["a path that the application does not know", { status: "404", upstreamStatus: "404" }, {}],
  ])("%s", async (__, fields, expected) => {
    const { place = "10.0.0.1:8080", ...rest } = expected;
    const isNowhere = "place" in expected;
    expect((await sums(awk, line(fields))).sums).toEqual([
      { second: 1764217092, ...(isNowhere ? {} : { place }), ...NONE, latency: FAST, ...rest },
    ]);
  });

  test("leaves a line that is not complete to the next look, and skips one that never will be", async () => {
    const half = line().slice(0, 30);
    const { sums: counted, position } = await sums(awk, `${line()}broken\n${line()}${half}`);
    expect(counted).toEqual([expect.objectContaining({ requests: 2 })]);
    expect(position).toBe(`7:${100 + 2 * line().length + "broken\n".length}`);
    expect(await sums(awk, half)).toMatchObject({ sums: [], position: "7:100" });
    expect(await sums(awk, "")).toMatchObject({ sums: [], position: "7:100" });
  });
});

test.each([2, 8])("a minute at 1,000 requests a second over %d hosts is less than 100 kB", (hosts) => {
  // A third of it.
  const lines = Array.from({ length: 20_000 }, (_, index) =>
    line({
      at: (1764217092 + index / 1000).toFixed(3),
      place: `10.0.0.${index % hosts}:8080`,
      time: ((1 + ((index * 7919) % 997)) ** 1.5 / 100_000).toFixed(3),
    }),
  );
  const { stdout } = spawnSync("sh", ["-c", SCRIPT], { input: lines.join(""), encoding: "utf8" });
  expect(parseSums(stdout).sums.reduce((sum, { requests }) => sum + requests, 0)).toBe(20_000);
  expect(stdout.length * 3).toBeLessThan(100_000);
});
