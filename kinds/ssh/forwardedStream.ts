import { Duplex, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { endpoint } from "#rollout/machine/connections.ts";
import type { SshConnection } from "./sshConnection.ts";

/** Part of the message for a server that forbids forwarded connections. */
export const NOT_FORWARDED = "does not forward connections";

/** Connects to a port as seen from a server, over its connection, which is open. */
export function forwardedStream(
  connection: Pick<SshConnection, "spawn" | "refusal">,
  server: string,
  address: string,
  port: number,
): Duplex {
  const place = endpoint(address, port);
  const ssh = connection.spawn("", "-W", place);
  // Its streams end before its exit code says whether there was a connection at all.
  const [input, output] = [new PassThrough(), new PassThrough()];
  input.pipe(ssh.stdin);
  ssh.stdout.pipe(output, { end: false });
  const words = text(ssh.stderr).catch(() => "");
  const stream = Duplex.from({ readable: output, writable: input });
  // Readers see the end of the stream; an error without a reader must not end this process.
  stream.on("error", () => {});
  stream.once("close", () => ssh.kill());
  ssh.once("close", async (code) => {
    if (code === 0) output.end();
    else stream.destroy(noConnection(connection, server, place, await words));
  });
  ssh.once("error", (error) => stream.destroy(error));
  return stream;
}

/**
 * Only the process of the shared connection knows the reason; `words` is the error output for this one. If nobody listens,
 * it has the code of a connection of this machine.
 */
function noConnection(
  connection: Pick<SshConnection, "refusal">,
  server: string,
  place: string,
  words: string,
): Error {
  const wasRefused = /refused by peer/i.test(words);
  const said = wasRefused ? connection.refusal || "refused" : "the connection broke";
  if (/prohibited/i.test(said)) {
    return new Error(
      `${server} ${NOT_FORWARDED} to ${place} (${said}): expected AllowTcpForwarding yes in its sshd_config`,
    );
  }
  const error = new Error(`${place} on ${server}: ${said.replace(/^connect failed: /, "")}`);
  return /connection refused$/i.test(said) ? Object.assign(error, { code: "ECONNREFUSED" }) : error;
}
