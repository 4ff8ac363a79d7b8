import { isIPv4 } from "node:net";

/** One row of the kernel's TCP socket table. */
export interface TcpSocket {
  readonly local: string;
  readonly remote: string;
  readonly state: number;
  readonly inode: string;
  /** Numeric ID of the account that owns the socket. */
  readonly uid: string;
}

/** From Linux's `include/net/tcp_states.h`. */
export const TCP_LISTEN = 10;

/**
 * Parses `/proc/net/tcp` or `/proc/net/tcp6`; returns addresses like `127.0.0.1:8081` and `[::1]:8081`, with
 * IPv4-mapped IPv6 addresses as IPv4. According to `proc(5)`, addresses are words in host byte order.
 */
export function parseTcpTable(text: string): TcpSocket[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local, remote, state, , , , uid, , inode] = line.trim().split(/\s+/);
      if (!local || !remote || !state || !uid || !inode) return [];
      return [
        {
          local: readEndpoint(local),
          remote: readEndpoint(remote),
          state: Number.parseInt(state, 16),
          inode,
          uid,
        },
      ];
    });
}

/** `127.0.0.1:8081` or `[::1]:8081`. */
export function endpoint(address: string, port: number): string {
  return isIPv4(address) ? `${address}:${port}` : `[${canonicalIPv6(address)}]:${port}`;
}

/** Whether an address is a wildcard: `0.0.0.0` for IPv4, `::` for both families. */
export function isUnspecified(address: string): boolean {
  return ["0.0.0.0:0", "[::]:0"].includes(endpoint(address, 0));
}

/** Whether a socket receives connections to an address, or keeps others from listening there. */
export function answersAt(local: string, address: string, port: number): boolean {
  if (!local.endsWith(`:${port}`)) return false;
  const [anyV4, anyV6] = [endpoint("0.0.0.0", port), endpoint("::", port)];
  const wanted = endpoint(address, port);
  if ([wanted, anyV6].includes(local) || wanted === anyV6) return true;
  if (local === anyV4) return isIPv4(address);
  return wanted === anyV4 && !local.startsWith("[");
}

/** An endpoint in the notation of the kernel's table for its address family. */
export function tableEndpoint(address: string, port: number): string {
  const end = `:${tablePort(port)}`;
  if (isIPv4(address)) return toWord(address.split(".").map(Number)) + end;
  const [head = "", tail] = canonicalIPv6(address).split("::");
  const groups = (text = "") =>
    text
      .split(":")
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  const bytes = [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 255]);
  return [0, 4, 8, 12].map((at) => toWord(bytes.slice(at, at + 4))).join("") + end;
}

/** A port in the notation of the kernel's tables. */
export function tablePort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

/** Four bytes as a little-endian word, the byte order of all machines in use. */
function toWord(bytes: readonly number[]): string {
  return Buffer.from(bytes.toReversed()).toString("hex").toUpperCase();
}

function readEndpoint(text: string): string {
  const [addressText = "", portText = ""] = text.split(":");
  const bytes = Buffer.from(addressText, "hex");
  for (let word = 0; word < bytes.length; word += 4) bytes.subarray(word, word + 4).reverse();
  const port = Number.parseInt(portText, 16);
  if (bytes.length === 4) return endpoint([...bytes].join("."), port);
  if (bytes.subarray(0, 12).toString("hex") === "00000000000000000000ffff") {
    return endpoint([...bytes.subarray(12)].join("."), port);
  }
  return endpoint(bytes.toString("hex").replaceAll(/(.{4})(?=.)/g, "$1:"), port);
}

function canonicalIPv6(address: string): string {
  const url = `http://[${address}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : address;
}
