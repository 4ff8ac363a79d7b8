import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { LocalFleet } from "../../harness/localFleet.ts";

/** A process that doesn't belong to the fleet; `LocalFleet.remove` kills it at the latest. */
export interface Foreigner {
  readonly pid: number;
  end(): Promise<void>;
}

const GRAB = `
const { createServer } = require("node:http");
const server = createServer((_, response) => response.end('{"version":"foreign","status":"UP"}'));
const [, port, address] = process.argv;
const grab = () => server.listen(Number(port), address);
server.on("error", () => setTimeout(grab, 1));
grab();`;

/** Takes a port as soon as it is free, and keeps it. */
export function grabPort(
  { directory }: { directory: string },
  port: number,
  address = "127.0.0.1",
): Foreigner {
  return start(process.execPath, ["-e", GRAB, "--", String(port), address, `${directory}/foreigner`]);
}

/** The same application, started by another script from another directory. */
export function startForeignJvm(fleet: LocalFleet, jar: string, port: number): Foreigner {
  const temporary = `-Djava.io.tmpdir=${fleet.directory}/temp`;
  const options = ["-XX:TieredStopAtLevel=1", temporary, "-jar", jar, `--server.port=${port}`];
  return start("java", [...options, "--server.address=127.0.0.1"]);
}

function start(command: string, args: string[]): Foreigner {
  const silent = openSync("/dev/null", "w");
  const child = spawn(command, args, { stdio: ["ignore", silent, silent] });
  closeSync(silent);
  return {
    pid: child.pid ?? 0,
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
