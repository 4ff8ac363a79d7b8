import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { processorSeconds } from "./processorSeconds.ts";

const run = promisify(execFile);

/** An nginx under load. */
export interface LoadedNginx {
  readonly url: string;
  readonly directory: string;
}

/** What a run under full load showed. */
export interface Measured {
  readonly perSecond: number;
  /** What a request costs nginx. */
  readonly processorMicroseconds: number;
  readonly errors: number;
}

/** What `wrk` says of a run; answers other than 2xx and 3xx are errors. */
export async function measure(
  { url, directory }: LoadedNginx,
  seconds: number,
  connections: number,
): Promise<Measured> {
  const before = await processorSeconds(directory);
  const { stdout } = await run("wrk", ["-t2", `-c${connections}`, `-d${seconds}s`, `${url}/hello`]);
  const spent = (await processorSeconds(directory)) - before;
  const numbers = (pattern: RegExp) => (pattern.exec(stdout)?.slice(1) ?? []).map(Number);
  const [requests = 0] = numbers(/(\d+) requests in/);
  const [perSecond = 0] = numbers(/Requests\/sec:\s+([\d.]+)/);
  const errors = [
    ...numbers(/Non-2xx or 3xx responses: (\d+)/),
    ...numbers(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/),
  ];
  return {
    perSecond,
    processorMicroseconds: (spent * 1e6) / requests,
    errors: errors.reduce((sum, each) => sum + each, 0),
  };
}
