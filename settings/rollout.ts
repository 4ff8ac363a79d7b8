import { InvalidInput } from "#rollout/common/errors.ts";
import { reservedArguments, whereElseSet } from "#rollout/request/reserved.ts";
import { type Reader, textOf } from "./reader.ts";

/** What a roll is told on every kind of host. */
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
    minimumHealthy: readMinimumHealthy(reader.text("minimumHealthy"), hosts),
    keepReleases: reader.number("keepReleases"),
    onFailure: reader.text("onFailure"),
  };
}

/** What nginx is told on every kind of host. */
export function readServing(reader: Reader, { health, timing }: ReturnType<typeof readRollout>) {
  return {
    flavour: reader.text("nginxFlavour"),
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
    statusAllow: reader.list("statusAllow"),
  };
}

/** Variables as texts; what is no object is refused with everything else. */
export function readEnvironment(property: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name, textOf(`${property}.${name}`, text)]),
  );
}

/** Profiles are an argument like any other, but nobody should have to know which. */
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
  // Here and not with everything else, where each has moved by one.
  const [reserved] = reservedArguments(given);
  if (reserved) throw new InvalidInput(`arguments[${reserved.key}]`, reserved.message);
  return [`--spring.profiles.active=${profiles.join(",")}`, ...given];
}

function readMinimumHealthy(text: string, hosts: number): number | string {
  if (text === "all others") return Math.max(0, hosts - 1);
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
