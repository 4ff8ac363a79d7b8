import type Docker from "dockerode";
import { LOG_BYTES, linesOfLog } from "#rollout/machine/linesOfLog.ts";

const HEADER_LENGTH = 8;

/** The last lines of a container's standard output and error. */
export async function readLog(container: Docker.Container, tail: number): Promise<string[]> {
  return linesIn(await container.logs({ stdout: true, stderr: true, tail }));
}

/** The last lines of its standard error alone. The engine would count the lines of both, however many are output. */
export async function readErrors(container: Docker.Container, tail: number): Promise<string[]> {
  return linesIn(await container.logs({ stdout: false, stderr: true })).slice(-tail);
}

function linesIn(frames: Buffer): string[] {
  return linesOfLog(payloadOf(frames).subarray(-LOG_BYTES).toString("utf8"));
}

/**
 * Both outputs come in one, in frames of stream number, length and that many bytes. The client library would recurse
 * for each frame and overflow the stack with thousands.
 * https://docs.docker.com/reference/api/engine/version/v1.40/#tag/Container/operation/ContainerAttach
 */
function payloadOf(frames: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEADER_LENGTH <= frames.length; ) {
    const end = at + HEADER_LENGTH + frames.readUInt32BE(at + 4);
    parts.push(frames.subarray(at + HEADER_LENGTH, end));
    at = end;
  }
  return Buffer.concat(parts);
}
