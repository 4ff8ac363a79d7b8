import { z } from "zod";
import { integer, show, text } from "./fields.ts";

/** The container that a JVM runs in; any change rolls. */
const container = z.strictObject({
  image: text.min(1, { error: "expected an image with a Java runtime, got an empty string" }),
  /** User and group, as numbers, because the image may not have names for them. */
  user: text.regex(/^[1-9]\d*(:[1-9]\d*)?$/, {
    error: (issue) => `expected a user other than root such as 10001:10001, got ${show(issue.input)}`,
  }),
  /** 0 means no limit; the Docker engine rejects less than 6. */
  memoryMegabytes: integer(0, 16_777_216).refine((value) => value === 0 || value >= 6, {
    error: (issue) => `expected 6–16777216, or 0, got ${show(issue.input)}`,
  }),
  /** Processors, in thousandths; 0 means no limit. */
  milliCpus: integer(0, 1_024_000),
});
export type ContainerSpec = z.infer<typeof container>;

/** How the JVM is started, on every host. */
export const launch = z.strictObject({
  /** A path, or a name to look up. */
  java: text.min(1, { error: "expected the java command, got an empty string" }),
  jvmOptions: z.array(text),
  arguments: z.array(text),
  /** Only if hosts are containers. */
  container: container.optional(),
});
export type Launch = z.infer<typeof launch>;

/** The JVM's environment, besides a fixed PATH, LANG and HOME; treated as secret everywhere. */
export const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "expected the name of an environment variable" }),
  z.string({ error: "expected a string" }),
  { error: "expected names and values of environment variables" },
);
export type Environment = z.infer<typeof environment>;

/** Options of one host, on top of the common ones; an argument of the same name wins. */
export const hostLaunch = launch.pick({ jvmOptions: true, arguments: true }).partial();
export type HostLaunch = z.infer<typeof hostLaunch>;

/** Everything that says how applications are started. */
export interface LaunchOptions {
  readonly launch: Launch;
  readonly environment: Environment;
  /** What single hosts add to these, by their names. */
  readonly hostLaunch?: Readonly<Record<string, HostLaunch>>;
  readonly hostEnvironment?: Readonly<Record<string, Environment>>;
}
