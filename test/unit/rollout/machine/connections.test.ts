import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { endpoint, parseTcpTable, TCP_LISTEN, tableEndpoint } from "#rollout/machine/connections.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { skipWithoutIPv6 } from "../../../support/addresses.ts";

const ESTABLISHED = 1;
const HEADER =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

test("an IPv4 table is read", () => {
  const table = `${HEADER}
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41523 1 0000000000000000 100 0 0 10 0
   1: 0200000A:9C40 0100007F:1F91 01 00000000:00000000 02:000004F2 00000000     0        0 41600 2 0000000000000000 20 4 30 10 -1
`;
  expect(parseTcpTable(table)).toEqual([
    { local: "127.0.0.1:8080", remote: "0.0.0.0:0", state: TCP_LISTEN, inode: "41523", uid: "1000" },
    { local: "10.0.0.2:40000", remote: "127.0.0.1:8081", state: ESTABLISHED, inode: "41600", uid: "0" },
  ]);
});

test("an IPv6 table is read, in the shortest spelling of each address", () => {
  const table = `${HEADER}
   0: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 51 1 0000000000000000 100 0 0 10 0
   1: B80D0120000000000000000001000000:0050 B80D0120000000000000000002000000:0051 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000 100 0 0 10 0
`;
  expect(parseTcpTable(table)).toEqual([
    { local: "[::1]:8081", remote: "[::]:0", state: TCP_LISTEN, inode: "51", uid: "0" },
    { local: "[2001:db8::1]:80", remote: "[2001:db8::2]:81", state: 6, inode: "0", uid: "0" },
  ]);
});

test("an IPv4-mapped IPv6 address is the IPv4 address", () => {
  const table = `${HEADER}
   0: 0000000000000000FFFF00000100007F:1F91 0000000000000000FFFF00000200007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 51 1 0000000000000000 100 0 0 10 0
`;
  expect(parseTcpTable(table)).toMatchObject([{ local: "127.0.0.1:8081", remote: "127.0.0.2:40000" }]);
});

test.each(["", HEADER, `${HEADER}\n`, `${HEADER}\n  garbage\n`])(
  "a table without sockets is empty: %j",
  (text) => {
    expect(parseTcpTable(text)).toEqual([]);
  },
);

test.each([
  ["127.0.0.1", "127.0.0.1:8081"],
  ["::1", "[::1]:8081"],
  ["0:0:0:0:0:0:0:1", "[::1]:8081"],
  ["2001:DB8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:8081"],
])("the endpoint of %s is %s", (address, expected) => {
  expect(endpoint(address, 8081)).toBe(expected);
});

test.for([
  ["127.0.0.1", "/proc/net/tcp"],
  ["::1", "/proc/net/tcp6"],
] as const)("a real connection on %s stands in %s", async ([address, file], context) => {
  skipWithoutIPv6(context, address);
  const port = await freePort(address);
  const server = createServer().listen(port, address);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const client = connect(port, address);
  onTestFinished(() => void client.destroy());
  const [[accepted]] = await Promise.all([once(server, "connection"), once(client, "connect")]);
  onTestFinished(() => void accepted.destroy());

  const sockets = parseTcpTable(await readFile(file, "utf8"));
  const [here, there] = [endpoint(address, port), endpoint(address, client.localPort ?? 0)];
  expect(sockets).toContainEqual(expect.objectContaining({ local: here, state: TCP_LISTEN }));
  expect(sockets).toContainEqual(expect.objectContaining({ local: here, remote: there, state: ESTABLISHED }));
  expect(sockets).toContainEqual(expect.objectContaining({ local: there, remote: here, state: ESTABLISHED }));
  for (const { inode } of sockets.filter(({ local }) => local === here)) expect(inode).toMatch(/^\d+$/);
});

test.each([
  ["127.0.0.1", "0100007F:1F91", ["0000000000000000FFFF00000100007F:1F91"]],
  ["10.77.0.11", "0B004D0A:1F91", ["0000000000000000FFFF00000B004D0A:1F91"]],
  ["::1", "00000000000000000000000001000000:1F91", []],
  ["2001:db8::1:0:0:1", "B80D0120000000000000010001000000:1F91", []],
] as const)("in the kernel's tables %s is %s, or mapped into IPv6 %j", (address, expected, mapped) => {
  expect(tableEndpoint(address, 8081)).toBe(expected);
  for (const text of [expected, ...mapped]) {
    const table = `${HEADER}\n   0: 0100007F:9C40 ${text} 01 0:0 00:0 0 1000 0 41523 1\n`;
    expect(parseTcpTable(table)).toMatchObject([{ remote: endpoint(address, 8081) }]);
  }
});
