import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { z } from "zod";
import { endpoint } from "./connections.ts";
import { InvalidInput } from "./errors.ts";

const MAX_HOSTS = 50;

/** A number of the settings with its bounds; the message names them and what came instead. */
export function integer(minimum: number, maximum: number) {
  return z.custom<number>(
    (value) => Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
    { error: (issue) => `expected ${minimum}–${maximum}, got ${show(issue.input)}` },
  );
}

const text = z.string({ error: (issue) => `expected a text, got ${show(issue.input)}` });
const absolutePath = text.refine(isAbsolute, {
  error: (issue) => `expected an absolute path, got ${show(issue.input)}`,
});
const name = text.regex(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, {
  error: (issue) => `expected 1–32 lower-case letters, digits and inner hyphens, got ${show(issue.input)}`,
});
const kind = z.literal("local", { error: (issue) => `expected local, got ${show(issue.input)}` });
const address = text.refine((value) => isIP(value) !== 0 && !value.includes("%"), {
  error: (issue) => `expected an IP address, got ${show(issue.input)}`,
});
/** An address that a connection can be told by: an unspecified one never stands in the kernel's table. */
const hostAddress = address.refine((value) => !/^(0\.0\.0\.0|[0:]+|::ffff:.*)$/i.test(value), {
  error: (issue) => `expected the address of one host, got ${show(issue.input)}`,
});
/** A path on a host, of characters that nginx takes as they are. */
export const urlPath = text.regex(/^\/[A-Za-z0-9._~!&()*+,=:@%/-]*$/, {
  error: (issue) => `expected a path such as /actuator/health, got ${show(issue.input)}`,
});

/** An app host: where it is, and where its releases live. */
export const hostDescriptor = z.strictObject({
  kind,
  name,
  /** Absolute; holds `releases`, `current` and `logs`. */
  directory: absolutePath,
  address: hostAddress,
  port: integer(1, 65535),
});
export type HostDescriptor = z.infer<typeof hostDescriptor>;

/** What nginx can do: who checks the hosts, and how one is drained. */
export const flavour = z.enum(["stock", "check-module"], {
  error: (issue) => `expected stock or check-module, got ${show(issue.input)}`,
});
export type Flavour = z.infer<typeof flavour>;

/** The nginx in front of the hosts. */
export const proxyDescriptor = z.strictObject({
  kind,
  /** nginx's own prefix, absolute; holds `nginx.conf`, `drained` and `logs`. */
  directory: absolutePath.regex(/^[^"$\\\r\n]*$/, {
    error: (issue) =>
      `expected a path without quotes, $ and \\, which nginx would read as its own, got ${show(issue.input)}`,
  }),
  address,
  port: integer(1, 65535),
});
export type ProxyDescriptor = z.infer<typeof proxyDescriptor>;

/** How the JVM is started; the same on every host. */
export const launch = z.strictObject({
  /** A path, or a name to look up on PATH. */
  java: text.min(1, { error: "expected the java command, got an empty text" }),
  jvmOptions: z.array(text),
  arguments: z.array(text),
});
export type Launch = z.infer<typeof launch>;

/** Variables given to the JVM beside PATH, HOME, LANG and TZ; treated as secret everywhere. */
export const environment = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "expected the name of an environment variable" }),
  z.string({ error: "expected a text" }),
  { error: "expected names and values of environment variables" },
);
export type Environment = z.infer<typeof environment>;

/** The health gate: `passes` answers of 200 and UP in a row within the deadline. */
export const health = z.strictObject({
  path: urlPath,
  passes: integer(1, 100),
  intervalMilliseconds: integer(10, 60_000),
  timeoutMilliseconds: integer(10, 60_000),
  deadlineSeconds: integer(1, 3600),
});
export type HealthPolicy = z.infer<typeof health>;

/** How long the other phases may take. */
export const timing = z.strictObject({
  settleSeconds: integer(0, 3600),
  graceSeconds: integer(0, 3600),
  soakSeconds: integer(0, 86_400),
  /** The whole roll: no further host is touched after that. */
  rollDeadlineSeconds: integer(1, 86_400),
  /** How long to wait for somebody else who is rolling this fleet. */
  leaseWaitSeconds: integer(0, 86_400),
  /** The slowest request that a drained host is given the time to finish. */
  slowestRequestSeconds: integer(0, 3600),
  /** The application's own `spring.lifecycle.timeout-per-shutdown-phase`. */
  shutdownPhaseSeconds: integer(0, 3600),
});
export type Timing = z.infer<typeof timing>;

/** What becomes of the hosts that are already replaced when a later one fails. */
export const onFailure = z.enum(["rollback", "halt"], {
  error: (issue) => `expected rollback or halt, got ${show(issue.input)}`,
});
export type OnFailure = z.infer<typeof onFailure>;

/** Everything a roll is told; plain values only. */
export const rollRequest = z
  .strictObject({
    /** `<version>-<sha256:12>`. */
    release: text,
    /** Absent when the release is one that the hosts keep. */
    jar: z
      .strictObject({ path: absolutePath, version: text, sha256: text.regex(/^[0-9a-f]{64}$/) })
      .optional(),
    hosts: z
      .array(hostDescriptor)
      .min(1, { error: "expected at least one host, got none" })
      .max(MAX_HOSTS, { error: `expected at most ${MAX_HOSTS} hosts` }),
    proxy: proxyDescriptor,
    launch,
    environment,
    health,
    timing,
    /** Hosts that must go on serving while one is out; less than the number of hosts. */
    minimumHealthy: integer(0, 1000),
    /** Releases that stay on a host, the running one included. */
    keepReleases: integer(2, 100),
    onFailure,
  })
  .superRefine((request, context) => {
    const refuse = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    refuseTwins(request.hosts, refuse);
    if (request.minimumHealthy >= request.hosts.length) {
      refuse(
        ["minimumHealthy"],
        `expected less than the number of hosts (${request.hosts.length}), got ${request.minimumHealthy}: no host could ever be taken out`,
      );
    }
    const { passes, intervalMilliseconds, deadlineSeconds } = request.health;
    if (passes * intervalMilliseconds > deadlineSeconds * 1000) {
      refuse(
        ["health", "deadlineSeconds"],
        `expected at least ${passes} passes × ${intervalMilliseconds} ms, got ${deadlineSeconds} s`,
      );
    }
    const { settleSeconds, graceSeconds, slowestRequestSeconds, shutdownPhaseSeconds } = request.timing;
    if (settleSeconds < slowestRequestSeconds) {
      refuse(
        ["timing", "settleSeconds"],
        `expected at least slowestRequestSeconds (${slowestRequestSeconds}), got ${settleSeconds}`,
      );
    }
    if (graceSeconds < shutdownPhaseSeconds) {
      refuse(
        ["timing", "graceSeconds"],
        `expected at least shutdownPhaseSeconds (${shutdownPhaseSeconds}), got ${graceSeconds}`,
      );
    }
    const clash = request.hosts.find(
      (host) => host.port === request.proxy.port && sameMachine(host, request),
    );
    if (clash) {
      refuse(["proxy", "port"], `expected a port of its own, got ${clash.port}, the port of ${clash.name}`);
    }
  });
export type RollRequest = z.infer<typeof rollRequest>;

function refuseTwins(
  hosts: readonly HostDescriptor[],
  refuse: (path: (string | number)[], message: string) => void,
) {
  hosts.forEach((host, index) => {
    const before = hosts.slice(0, index);
    const namesake = before.findIndex((other) => other.name === host.name);
    if (namesake >= 0) {
      refuse(
        ["hosts", index, "name"],
        `expected a name of its own, got ${host.name} as in hosts[${namesake}]`,
      );
    }
    const neighbour = before.findIndex(
      (other) => endpoint(other.address, other.port) === endpoint(host.address, host.port),
    );
    if (neighbour >= 0) {
      refuse(
        ["hosts", index, "port"],
        `expected an address of its own, got ${host.address}:${host.port} as in hosts[${neighbour}]`,
      );
    }
  });
}

function sameMachine(host: HostDescriptor, request: { proxy: ProxyDescriptor }): boolean {
  return host.kind === request.proxy.kind;
}

/** Checks `input` and gives it typed; throws `InvalidInput` for the first thing that is wrong. */
export function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const [first] = problemsOf(schema, input);
  if (first) throw first;
  return schema.parse(input);
}

/** Everything that is wrong with `input`, each with the path of the setting. */
export function problemsOf(schema: z.ZodType, input: unknown): InvalidInput[] {
  const result = schema.safeParse(input);
  return result.success ? [] : result.error.issues.map(describeIssue);
}

function describeIssue(issue: z.core.$ZodIssue): InvalidInput {
  if (issue.code === "unrecognized_keys") {
    return new InvalidInput(pathOf([...issue.path, ...issue.keys.slice(0, 1)]), "unknown setting");
  }
  const message = issue.code === "invalid_key" ? issue.issues[0]?.message : issue.message;
  return new InvalidInput(pathOf(issue.path), message ?? issue.message);
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key),
    "",
  );
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
