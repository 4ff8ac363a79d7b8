import { z } from "zod";
import { digits } from "../common/digits.ts";
import { analysis } from "./analysis.ts";
import { analysisChecks } from "./analysisChecks.ts";
import { batch } from "./batch.ts";
import { canary } from "./canary.ts";
import { absolutePath, integer, show, text, urlPath } from "./fields.ts";
import { hooks } from "./hooks.ts";
import { identifiedJar } from "./identifiedJar.ts";
import { environment, hostLaunch, launch } from "./launch.ts";
import { notify, webUrl } from "./notify.ts";
import { hostPlace, proxiesOf, proxyPlace } from "./places.ts";
import { probeTraffic } from "./probeTraffic.ts";
import { refuseCanaries, refuseDuplicates, refuseReserved, refuseUnknownHosts } from "./refuseHosts.ts";
import { warmUp } from "./warmUp.ts";

const MAX_HOSTS = 1000;

/** How nginx checks the hosts. */
export const flavour = z.enum(["stock", "njs", "check-module"], {
  error: (issue) => `expected stock, njs or check-module, got ${show(issue.input)}`,
});
export type Flavour = z.infer<typeof flavour>;

/** The health gate: `passes` answers of 200 and UP in a row within the deadline. */
const health = z.strictObject({
  path: urlPath,
  passes: integer(1, 100),
  intervalMilliseconds: integer(10, 60_000),
  timeoutMilliseconds: integer(10, 60_000),
  deadlineSeconds: integer(1, 3600),
});
export type HealthPolicy = z.infer<typeof health>;

/** How long the other phases may take. */
const timing = z.strictObject({
  settleSeconds: integer(0, 3600),
  graceSeconds: integer(0, 3600),
  soakSeconds: integer(0, 86_400),
  /** For the whole roll; after that, no further host is touched. */
  rollDeadlineSeconds: integer(1, 86_400),
  /** How long to wait if someone else is rolling this fleet. */
  leaseWaitSeconds: integer(0, 86_400),
  /** How long the slowest request of the application takes. */
  slowestRequestSeconds: integer(0, 3600),
  /** The application's own `spring.lifecycle.timeout-per-shutdown-phase`. */
  shutdownPhaseSeconds: integer(0, 3600),
});
export type Timing = z.infer<typeof timing>;

/** What to do with the hosts already replaced when a later one fails. */
const onFailure = z.enum(["rollback", "halt"], {
  error: (issue) => `expected rollback or halt, got ${show(issue.input)}`,
});
export type OnFailure = z.infer<typeof onFailure>;

/** Which JVM of a host goes first: the new one, beside the old one, or the old one, to make room. */
export const order = z.enum(["auto", "start-first", "stop-first"], {
  error: (issue) => `expected auto, start-first or stop-first, got ${show(issue.input)}`,
});
export type Order = z.infer<typeof order>;

/** The schema of a fleet. */
export function hostsOf<Host extends z.ZodType>(host: Host) {
  return z
    .array(host)
    .min(1, { error: "expected at least one host, got none" })
    .max(MAX_HOSTS, { error: `expected at most ${digits(MAX_HOSTS)} hosts` });
}

/** The input of a roll, for every kind of host; plain values only. */
export const rollRequest = z
  .strictObject({
    /** `<version>-<sha256:12>`, and `.war` after it for a war. */
    release: text,
    /** Absent if the hosts keep the release. */
    jar: identifiedJar.optional(),
    canary: canary.exactOptional(),
    /** The image that hosts run, by its digest; absent if its name follows from the release. */
    image: text.exactOptional(),
    hosts: hostsOf(hostPlace),
    /** The first one keeps the lease of the fleet. */
    proxies: proxiesOf(proxyPlace),
    launch,
    environment,
    /** Options of single hosts, by host name. */
    hostLaunch: z.record(z.string(), hostLaunch).exactOptional(),
    /** Secret, like the common environment. */
    hostEnvironment: z.record(z.string(), environment).exactOptional(),
    health,
    timing,
    /** `auto` means start-first on hosts that have room for two JVMs. */
    order,
    batch,
    /** How many hosts must keep serving while one is out; less than the number of hosts. */
    minimumHealthy: integer(0, 1000),
    /** Releases to keep on a host, including the running one. */
    keepReleases: integer(2, 100),
    onFailure,
    /** Absent if releases are started as they are. */
    startupCache: z
      .literal("auto", { error: (issue) => `expected auto or off, got ${show(issue.input)}` })
      .exactOptional(),
    /** Absent if a new JVM gets its first request from a client. */
    warmUp: warmUp.exactOptional(),
    hooks: hooks.exactOptional(),
    /** Absent if a release that stays healthy is good. */
    analysis: analysis.exactOptional(),
    /** Absent if nobody else is asked about a release. Secret. */
    analysisChecks: analysisChecks.exactOptional(),
    /** Absent if only clients send requests. */
    probeTraffic: probeTraffic.exactOptional(),
    /** The folder for the records of rolls; absent if none are kept. */
    reports: absolutePath.exactOptional(),
    /** Where people find that folder. */
    reportsUrl: webUrl.exactOptional(),
    /** Who is told about rolls. URLs are secret. */
    notify: notify.exactOptional(),
    /** The OpenTelemetry collector that gets the spans of rolls. */
    traceCollector: webUrl.exactOptional(),
    /** The settings that differ from their defaults, for records; no secrets. */
    settings: z.record(z.string(), z.unknown()).exactOptional(),
    /** The name of the stack, for hooks, records and messages. */
    stack: text.exactOptional(),
  })
  .superRefine((request, context) => {
    const refuse = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    refuseDuplicates(request.hosts, refuse);
    refuseReserved(request, refuse);
    refuseUnknownHosts(request, refuse);
    refuseCanaries(request, refuse);
    const single = request.hosts.find(({ second }) => second === undefined);
    if (request.order === "start-first" && single) {
      refuse(
        ["order"],
        `expected auto or stop-first, since ${single.name} has no second slot, got start-first`,
      );
    }
    if ((request.analysis || request.analysisChecks) && request.timing.soakSeconds === 0) {
      refuse(
        ["analysis"],
        "expected soakSeconds of at least 1, since a release is judged during its soak, got 0",
      );
    }
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
  });
export type RollRequest = z.infer<typeof rollRequest>;
