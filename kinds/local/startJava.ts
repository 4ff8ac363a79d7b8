import { spawn } from "node:child_process";
import { once } from "node:events";
import { RollgateError } from "#rollout/common/errors.ts";
import type { Environment, Launch } from "#rollout/request/rollRequest.ts";
import type { AppLog } from "./appLog.ts";
import { findExecutable } from "./findExecutable.ts";

const PASSED_ON = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "JAVA_HOME", "TMPDIR"];

/** One start of a JVM. */
export interface JavaStart {
  readonly launch: Launch;
  /** Absolute path of the jar. */
  readonly jar: string;
  readonly address: string;
  readonly port: number;
  /** Working directory. */
  readonly directory: string;
  readonly environment: Environment;
  readonly log: AppLog;
}

/** Starts a JVM that outlives this process; returns once it runs, long before it is ready. */
export async function startJava(start: JavaStart): Promise<void> {
  const { launch, jar, address, port, directory, environment } = start;
  const java = await findJava(launch.java);
  const log = await start.log.begin();
  try {
    const child = spawn(
      java,
      [
        ...launch.jvmOptions,
        "-jar",
        jar,
        `--server.port=${port}`,
        `--server.address=${address}`,
        ...launch.arguments,
      ],
      {
        cwd: directory,
        detached: true,
        stdio: ["ignore", log.fd, log.fd],
        env: { ...inherited(), ...environment },
      },
    );
    await once(child, "spawn");
    child.unref();
  } finally {
    await log.close();
  }
}

/** The absolute path of the Java runtime; throws `RollgateError` when there is none. */
export async function findJava(command: string): Promise<string> {
  const path = await findExecutable(command);
  if (path !== undefined) return path;
  throw new RollgateError("java-missing", `java: expected a Java runtime, found no executable ${command}`);
}

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(PASSED_ON.map((key) => [key, process.env[key]]));
}
