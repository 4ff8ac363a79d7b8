import { isUtf8 } from "node:buffer";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCheckStatus } from "#rollout/nginx/checkStatus.ts";
import { MODULES, recordedStatus } from "../../../support/nginxStatus.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "..", "fixtures", "nginx-status");

/** What each recording says of its two servers: up or down, passed and failed checks in a row. */
const RECORDED: Record<
  (typeof MODULES)[number],
  Record<string, readonly (readonly [boolean, number, number])[]>
> = {
  "image-module-nginx-1.18": {
    "all-down": [
      [false, 0, 5],
      [false, 0, 9],
    ],
    "all-up": [
      [true, 2, 0],
      [true, 2, 0],
    ],
    "one-down": [
      [true, 11, 0],
      [false, 0, 5],
    ],
    "right-after-reload-all-up": [
      [true, 4, 0],
      [true, 4, 0],
    ],
    "right-after-start": [
      [false, 0, 0],
      [false, 0, 0],
    ],
  },
  "upstream-module-nginx-1.22": {
    "all-down": [
      [false, 0, 5],
      [false, 0, 9],
    ],
    "all-up": [
      [true, 2, 0],
      [true, 2, 0],
    ],
    "one-down": [
      [true, 9, 0],
      [false, 0, 5],
    ],
    "right-after-reload-all-up": [
      [true, 4, 0],
      [true, 5, 0],
    ],
    "right-after-start": [
      [false, 0, 0],
      [false, 0, 0],
    ],
  },
};

test.each(MODULES)("every recording of %s is tested", async (module) => {
  const files = (await readdir(join(FIXTURES, module))).sort();
  expect(files).toEqual(Object.keys(RECORDED[module]).map((moment) => `${moment}.json.txt`));
});

describe.each(MODULES)("the JSON of %s", (module) => {
  const ports = module === "image-module-nginx-1.18" ? [18101, 18102] : [18201, 18202];

  test.each(Object.entries(RECORDED[module]))("is read when it is %s", async (moment, servers) => {
    expect(parseCheckStatus(await recordedStatus(module, moment))).toEqual(
      servers.map(([up, rise, fall], index) => ({ name: `127.0.0.1:${ports[index]}`, up, rise, fall })),
    );
  });
});

test("the recordings of the image's module are invalid UTF-8, as in reality", async () => {
  expect(isUtf8(await recordedStatus("image-module-nginx-1.18", "all-up"))).toBe(false);
});

function status(...servers: object[]): Buffer {
  return Buffer.from(JSON.stringify({ servers: { total: servers.length, server: servers } }));
}

test("IPv6 addresses keep their brackets", () => {
  const server = { index: 0, upstream: "all", name: "[::1]:8081", status: "up", rise: 1, fall: 0 };
  expect(parseCheckStatus(status(server))).toEqual([{ name: "[::1]:8081", up: true, rise: 1, fall: 0 }]);
});

test("only the word up is up", () => {
  const server = { name: "127.0.0.1:1", rise: 0, fall: 0 };
  const words = ["up", "down", "UP", "checking", ""];
  expect(
    parseCheckStatus(status(...words.map((word) => ({ ...server, status: word })))).map(({ up }) => up),
  ).toEqual([true, false, false, false, false]);
});

test("a page with no server is an empty list", () => {
  expect(parseCheckStatus(status())).toEqual([]);
});

test.each([
  ["an HTML page", "<html><body>hello</body></html>"],
  ["JSON that is malformed, as with status=up in the query", '{"servers": {"server": [{"name": "a",}]}}'],
  ["JSON of another shape", '{"checks":"none"}'],
])("%s is rejected, quoting its beginning", (_, body) => {
  expect(() => parseCheckStatus(Buffer.from(body))).toThrow(
    expect.objectContaining({
      code: "status-unreadable",
      message: `expected the check module's JSON from /status, got ${body}`,
    }),
  );
});

test("rejecting an empty answer, as the image's module gives without servers, says that it is empty", () => {
  expect(() => parseCheckStatus(Buffer.alloc(0))).toThrow(/from \/status, got \S/);
});

test("a rejection quotes no more than a line", () => {
  expect(() => parseCheckStatus(Buffer.from(`<html>\n${"x".repeat(5000)}`))).toThrow(/^.{1,160}$/);
});
