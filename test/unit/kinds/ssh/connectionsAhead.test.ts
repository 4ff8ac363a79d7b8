import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { ConnectionsAhead } from "#kinds/ssh/connectionsAhead.ts";

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
