import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ConnectionsAhead } from "#kinds/ssh/connectionsAhead.ts";
import { deferred } from "#rollout/common/deferred.ts";
import { until } from "../../../../harness/until.ts";

const [ADDRESS, PORT] = ["127.0.0.1", 8081];

function connecting() {
  const opened: PassThrough[] = [];
  const ahead = new ConnectionsAhead(() => {
    const stream = new PassThrough();
    opened.push(stream);
    return stream;
  });
  return { ahead, opened };
}

test("a connection that is expected is opened as soon as a far server has let us in, and taken once", () => {
  const { ahead, opened } = connecting();
  ahead.expect(ADDRESS, PORT, 1);
  ahead.expect(ADDRESS, PORT, 1);
  expect(opened).toHaveLength(0);
  ahead.begin();
  expect(opened).toHaveLength(1);
  expect(ahead.take(ADDRESS, PORT)).toBe(opened[0]);
  expect(ahead.take(ADDRESS, PORT)).toBeUndefined();
  ahead.expect(ADDRESS, PORT + 1, 3);
  expect(opened).toHaveLength(4);
});

test("nothing is opened any more for whoever has connected already", () => {
  const { ahead, opened } = connecting();
  ahead.expect(ADDRESS, PORT, 1);
  expect(ahead.take(ADDRESS, PORT)).toBeUndefined();
  ahead.begin();
  expect(opened).toHaveLength(0);
});

test("one that was refused is not taken, and the next one is opened anew", () => {
  const { ahead, opened } = connecting();
  ahead.begin();
  ahead.expect(ADDRESS, PORT, 1);
  opened[0]?.destroy();
  expect(ahead.take(ADDRESS, PORT)).toBeUndefined();
});

test("what nobody has taken is closed with the connection to the server", () => {
  const { ahead, opened } = connecting();
  ahead.begin();
  ahead.expect(ADDRESS, PORT, 1);
  ahead.close();
  expect(opened[0]?.destroyed).toBe(true);
  expect(ahead.take(ADDRESS, PORT)).toBeUndefined();
});

test("while something starts, connections to its port are tried until it has started, and one that was refused is left out", async () => {
  const { ahead, opened } = connecting();
  ahead.begin();
  const { promise: started, resolve: hasStarted } = deferred<void>();
  ahead.tryUntil(started, ADDRESS, PORT);
  await until(() => opened.length === 2, 5);
  opened[0]?.destroy();
  expect(ahead.has(ADDRESS, PORT)).toBe(true);
  hasStarted();
  expect(ahead.take(ADDRESS, PORT)).toBe(opened[1]);
  expect(ahead.has(ADDRESS, PORT)).toBe(false);
  await sleep(150);
  expect(opened).toHaveLength(2);
});

test("a start that takes long is not tried for long, and one on a server that is near not at all", async () => {
  const [far, near] = [connecting(), connecting()];
  far.ahead.begin();
  for (const { ahead } of [far, near]) ahead.tryUntil(new Promise(() => {}), ADDRESS, PORT);
  await sleep(500);
  expect(far.opened).toHaveLength(4);
  expect(near.opened).toHaveLength(0);
});

test("nothing is tried any more once the connection to the server is closed", async () => {
  const { ahead, opened } = connecting();
  ahead.begin();
  ahead.tryUntil(new Promise(() => {}), ADDRESS, PORT);
  await until(() => opened.length === 1, 5);
  ahead.close();
  await sleep(150);
  expect(opened).toHaveLength(1);
});
