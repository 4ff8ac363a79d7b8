import type { Command, Ended, Output } from "../hooks/command.ts";
import type { LaunchSpec } from "./launchSpec.ts";

/** A command that runs on the machine of a host, with a release that is staged there. */
export interface HostTask extends Command {
  readonly release: string;
  /** How the host would start the application. */
  readonly spec: LaunchSpec;
}

/** Runs commands where a host runs its application. */
export interface HostTasks {
  /** `ROLLGATE_JAR` is the path of the release's archive; returns how the command ended. */
  run(task: HostTask, output: Output): Promise<Ended>;
}
