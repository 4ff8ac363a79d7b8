import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { LOG_BYTES, linesOfLog } from "#rollout/host/supervisor.ts";

/** The last lines that a container wrote, standard output and error together. */
export async function readLog(container: Docker.Container, tail: number): Promise<string[]> {
  const frames = await container.logs({ stdout: true, stderr: true, tail });
  const lines = new PassThrough();
  const stream = Readable.from([frames]);
  container.modem.demuxStream(stream, lines, lines);
  stream.once("end", () => lines.end());
  return linesOfLog((await text(lines)).slice(-LOG_BYTES));
}
