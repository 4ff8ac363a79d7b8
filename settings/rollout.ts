import { InvalidInput } from "#rollout/common/errors.ts";
import { reservedArguments, whereElseSet } from "#rollout/request/reserved.ts";
import { readAnalysis } from "./analysis.ts";
import { readAvailability } from "./availability.ts";
import { readTls } from "./frontDoor/tls.ts";
import { readHooks } from "./hooks.ts";
import { readNotify, readTraceCollector } from "./notify.ts";
import { type Reader, textOf } from "./reader.ts";
import { readReports } from "./reports.ts";
import { stackName } from "./stackName.ts";

/** The settings of a roll that all kinds share. */
export function readRollout(reader: Reader, hosts: number) {
  const jvmOptions = reader.texts("jvmOptions");
  const environment = readEnvironment("environment", reader.plain("environment"));
  return {
    launch: {
      java: reader.text("java"),
      jvmOptions,
      arguments: readArguments(reader, { jvmOptions, environment }),
    },
    environment,
    health: {
      path: reader.text("healthPath"),
      passes: reader.number("healthPasses"),
      intervalMilliseconds: reader.number("healthIntervalMilliseconds"),
      timeoutMilliseconds: reader.number("healthTimeoutMilliseconds"),
      deadlineSeconds: reader.number("healthDeadlineSeconds"),
    },
    timing: {
      settleSeconds: reader.number("settleSeconds"),
      graceSeconds: reader.number("graceSeconds"),
      soakSeconds: reader.number("soakSeconds"),
      rollDeadlineSeconds: reader.number("rollDeadlineSeconds"),
      leaseWaitSeconds: reader.number("leaseWaitSeconds"),
      slowestRequestSeconds: reader.number("slowestRequestSeconds"),
      shutdownPhaseSeconds: reader.number("shutdownPhaseSeconds"),
    },
    ...readAvailability(reader, hosts),
    keepReleases: reader.number("keepReleases"),
    onFailure: reader.text("onFailure"),
    ...readStartupCache(reader.text("startupCache")),
    ...readWarmUp(reader.object("warmUp")),
    ...readHooks(reader.object("hooks"), reader.stack),
    ...readAnalysis(reader),
    ...readProbeTraffic(reader.object("probeTraffic")),
    ...readNotify(reader),
    ...readTraceCollector(reader),
    ...readReports(reader),
  };
}

/** What is neither is rejected with the whole request. */
function readStartupCache(given: string): { readonly startupCache?: string } {
  return given === "off" ? {} : { startupCache: given };
}

/** An object without any entry means no warm-up. */
function readWarmUp(given: object): { readonly warmUp?: object } {
  if (Object.keys(given).length === 0) return {};
  return { warmUp: { requests: 200, seconds: 10, ...given } };
}

/** An object without any entry means that only clients send requests. */
function readProbeTraffic(given: object): { readonly probeTraffic?: object } {
  if (Object.keys(given).length === 0) return {};
  return { probeTraffic: { requestsPerSecond: 5, ...given } };
}

/** The settings of nginx that all kinds share. */
export function readServing(
  reader: Reader,
  { health, timing, probeTraffic }: ReturnType<typeof readRollout>,
) {
  return {
    ...(probeTraffic && { probes: true }),
    flavour: reader.text("nginxFlavour"),
    name: stackName(reader),
    healthPath: health.path,
    slowestRequestSeconds: timing.slowestRequestSeconds,
    settleSeconds: timing.settleSeconds,
    leaseWaitSeconds: timing.leaseWaitSeconds,
    check: {
      path: health.path,
      intervalMilliseconds: reader.number("checkIntervalMilliseconds"),
      rise: reader.number("checkRise"),
      fall: reader.number("checkFall"),
      timeoutMilliseconds: reader.number("checkTimeoutMilliseconds"),
      expect: reader.list("checkExpect"),
    },
    pathPrefix: reader.text("pathPrefix"),
    ...readTls(reader),
    closedPaths: withContextPath(reader.list("closedPaths"), health.path),
    openPaths: reader.list("openPaths"),
    statusAllow: reader.list("statusAllow"),
  };
}

/** An application with a context path, which its health path shows, has its actuator below that. */
function withContextPath(closed: readonly unknown[], healthPath: string): unknown[] {
  const [, own] = /^(\/.+\/actuator)\//.exec(healthPath) ?? [];
  return own !== undefined && closed.includes("/actuator") && !closed.includes(own)
    ? [...closed, own]
    : [...closed];
}

/** Converts the values of variables to strings; the schema rejects anything that is not an object. */
export function readEnvironment(property: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name, textOf(`${property}.${name}`, text)]),
  );
}

/** Profiles are passed as an argument, so that users don't need to know its name. */
function readArguments(reader: Reader, other: { jvmOptions: string[]; environment: unknown }): string[] {
  const [given, profiles] = [reader.texts("arguments"), reader.texts("springProfiles")];
  const wrong = profiles.findIndex((profile) => !/^[\w.-]+$/.test(profile));
  if (wrong >= 0) {
    const got = JSON.stringify(profiles[wrong]);
    throw new InvalidInput(`springProfiles[${wrong}]`, `expected a name such as prod, got ${got}`);
  }
  if (profiles.length === 0) return given;
  const elsewhere = whereElseSet("spring.profiles.active", { arguments: given, ...other });
  if (elsewhere !== undefined) {
    throw new InvalidInput(elsewhere, "expected profiles only in springProfiles, got some here too");
  }
  // Checked here because the index of each argument is one higher in the request.
  const [reserved] = reservedArguments(given);
  if (reserved) throw new InvalidInput(`arguments[${reserved.key}]`, reserved.message);
  return [`--spring.profiles.active=${profiles.join(",")}`, ...given];
}
