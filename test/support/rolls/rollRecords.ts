import type { RollRecord } from "#rollout/record/rollRecord.ts";
import { madeLedger, type Served } from "./madeLedger.ts";
import { RollScript } from "./rollScript.ts";

export const OLD = "1.0.0-3c886d759f66";
export const NEW = "1.1.0-6d2d32897cfb";
const BEGAN = "2026-11-27T04:15:12.340Z";

const base = {
  format: 1,
  id: "20261127-041512-9f3c",
  stack: "prod",
  owner: "ann@build-1 (pid 4711)",
  began: BEGAN,
  release: NEW,
  commit: "8d0f3b6",
  warnings: [],
  settings: {},
} as const;

/** Two hosts that start first, one after the other, under traffic. */
export function goodRoll(): RollRecord {
  const script = new RollScript()
    .fleet(0.9, "preflight", "2 hosts and nginx on proxy-1 are ready")
    .fleet(5.6, "stage", `${NEW} is on every host, hash verified`);
  script.host("app-1", 5.8).startFirst(NEW, "app-1-b", 4.4);
  script.host("app-2", 17.1).startFirst(NEW, "app-2-b", 4.1);
  const ledger = madeLedger({
    began: BEGAN,
    from: 1,
    to: 29,
    perSecond: 1840,
    serves: (second) => [
      second < 11 ? half("app-1", OLD, 14) : half("app-1-b", NEW, second < 13 ? 24 : 14),
      second < 22 ? half("app-2", OLD, 14) : half("app-2-b", NEW, second < 24 ? 22 : 14),
    ],
  });
  return {
    ...base,
    outcome: "succeeded",
    durationSeconds: 28.21,
    hosts: ["app-1", "app-2"].map((name) => ({ name, from: OLD, to: NEW })),
    reports: script.reports,
    ledger,
    changesFrom: secondAt(5),
    settings: {
      timing: { soakSeconds: 5, graceSeconds: 30 },
      order: "start-first",
      batch: [1, "25%", "100%"],
    },
  };
}

/** The second of three hosts fails its health gate, and the first goes back. */
export function failedRoll(): RollRecord {
  const script = new RollScript()
    .fleet(1.1, "preflight", "3 hosts and nginx on proxy-1 are ready")
    .fleet(3.4, "stage", `${NEW} is on every host, hash verified`);
  const first = script.host("app-1", 3.6).stopFirst(NEW, 5.2);
  const second = script
    .host("app-2", first.at + 0.2)
    .step("drain", 0.02, "no new requests")
    .step("settle", 1.3, "no connections left")
    .step("stop", 1.2, `${OLD} stopped`)
    .step("switch", 0.04, `current → ${NEW}`)
    .step("start", 0.13, NEW)
    .tell("health", "waiting: 503 DOWN: db: Connection refused", 10)
    .tell(
      "restore",
      `503 DOWN: db: Connection refused for 15 s (2 passes in a row needed); back to ${OLD}`,
      5.1,
    )
    .step("stop", 0.7, `${NEW} stopped`)
    .step("switch", 0.04, `current → ${OLD}`)
    .step("start", 0.12, OLD)
    .step("health", 4.9, "UP")
    .step("upstream", 0.12, "nginx sees it: up by its own checks")
    .step("admit", 0.03, "takes traffic")
    .step("soak", 5, "stayed healthy");
  const back = script.host("app-1", second.at + 0.2).tell("rollback", `going back to ${OLD}`);
  back.stopFirst(OLD, 4.7);
  const [outAt, backAt] = [17, 37];
  const ledger = madeLedger({
    began: BEGAN,
    from: 1,
    to: 60,
    perSecond: 940,
    lostAt: { 30: 3, 31: 1 },
    serves: (second) => {
      const isOut = { 1: (second > 4 && second < 12) || second > 45, 2: second >= outAt && second <= backAt };
      const first = second < 5 ? OLD : NEW;
      const serving: Omit<Served, "share">[] = [
        ...(isOut[1] && second < 54
          ? []
          : [{ slot: "app-1", release: second > 53 ? OLD : first, milliseconds: 18 }]),
        ...(isOut[2] ? [] : [{ slot: "app-2", release: OLD, milliseconds: 17 }]),
        { slot: "app-3", release: OLD, milliseconds: 17 },
      ];
      return serving.map((one) => ({
        ...one,
        share: 1 / serving.length,
        errorShare: one.release === NEW ? 0.012 : 0,
      }));
    },
  });
  return {
    ...base,
    outcome: "failed",
    durationSeconds: 60.02,
    hosts: ["app-1", "app-2", "app-3"].map((name) => ({ name, from: OLD, to: NEW })),
    reports: script.reports,
    warnings: [
      "app-1 was stopped while 2 connections were still open after 20 s: usually websockets or long streams, whose clients reconnect",
    ],
    failure: {
      message:
        `app-2 failed its health gate on ${NEW}: 503 DOWN: db: Connection refused for 15 s (2 passes in a row needed). ` +
        `app-2 is back on ${OLD}; app-1 went back to ${OLD}; app-3 was not touched. ` +
        `Now: app-1 ${OLD}; app-2 ${OLD}; app-3 ${OLD}.`,
      evidence: [
        "2026-11-27T04:15:34.117Z  INFO 5123 --- [main] com.zaxxer.hikari.HikariDataSource : HikariPool-1 - Starting...",
        "2026-11-27T04:15:39.204Z ERROR 5123 --- [main] com.zaxxer.hikari.pool.HikariPool : HikariPool-1 - Exception during pool initialization.",
        "Caused by: org.postgresql.util.PSQLException: Connection to db-2.internal:5432 refused. Check that the hostname and port are correct.",
        "Caused by: java.net.ConnectException: Connection refused",
      ],
    },
    ledger,
    changesFrom: secondAt(3),
    settings: { health: { deadlineSeconds: 15 }, order: "stop-first" },
  };
}

/** The deployer dies while the second host starts. */
export function killedRoll(): RollRecord {
  const script = new RollScript()
    .fleet(0.8, "preflight", "2 hosts and nginx on proxy-1 are ready")
    .fleet(2.1, "stage", `${NEW} is on every host, hash verified`);
  script.host("app-1", 2.3).startFirst(NEW, "app-1-b", 4.2);
  script
    .host("app-2", 13.4)
    .step("switch", 0.04, `current → ${NEW}`)
    .step("start", 0.12, `${NEW} at app-2-b`)
    .tell("health", "waiting: no answer at 10.0.0.12:8081", 10);
  return {
    ...base,
    outcome: "killed",
    hosts: ["app-1", "app-2"].map((name) => ({ name, from: OLD, to: NEW })),
    reports: script.reports,
  };
}

/** Hosts in batches of some, in two zones. */
export function batchedRoll(hosts = 12, together = 3): RollRecord {
  const names = Array.from({ length: hosts }, (_, index) => `app-${index + 1}`);
  const script = new RollScript()
    .fleet(1.9, "preflight", `${hosts} hosts and nginx on proxy-1 and proxy-2 are ready`)
    .fleet(6.2, "stage", `${NEW} is on every host, hash verified`);
  const admitted = new Map<string, number>();
  let at = 6.5;
  for (let begin = 0; begin < hosts; begin += together) {
    if (begin === together) {
      script.fleet(at, "wait", "for app-9 (503 from /actuator/health): 0 s of at most 100 s");
      at += 6.3;
    }
    const batch = names.slice(begin, begin + together).map((name, index) => {
      const slow = ((begin + index) * 37) % 11;
      const host = script.host(name, at + index * 0.05).startFirst(NEW, `${name}-b`, 4 + slow / 4);
      admitted.set(name, host.at - 5.6);
      return host.at;
    });
    at = Math.max(...batch) + 0.3;
  }
  const ledger = madeLedger({
    began: BEGAN,
    from: 2,
    to: Math.ceil(at),
    perSecond: 5200,
    serves: (second) =>
      names.map((name) => {
        const isNew = second >= (admitted.get(name) ?? 0);
        return {
          slot: isNew ? `${name}-b` : name,
          release: isNew ? NEW : OLD,
          share: 1 / hosts,
          milliseconds: isNew ? 21 : 24,
        };
      }),
  });
  return {
    ...base,
    outcome: "succeeded",
    durationSeconds: Math.round(at * 100) / 100,
    hosts: names.map((name) => ({ name, from: OLD, to: NEW })),
    reports: script.reports,
    ledger,
    changesFrom: secondAt(6),
    settings: { batch: together, minimumHealthy: hosts - 1 },
  };
}

/** One of three hosts gets the canary. */
export function canaryRoll(): RollRecord {
  const script = new RollScript()
    .fleet(0.9, "preflight", "3 hosts and nginx on proxy-1 are ready")
    .fleet(2.2, "stage", `${OLD} is on every other host, ${NEW} on app-1`);
  script.host("app-1", 2.4).startFirst(NEW, "app-1-b", 4.4);
  for (const name of ["app-2", "app-3"]) script.host(name, 2.4).tell("done", `already serves ${OLD}`);
  const ledger = madeLedger({
    began: BEGAN,
    from: 1,
    to: 14,
    perSecond: 300,
    serves: (second) => [
      { ...(second < 8 ? half("app-1", OLD, 14) : half("app-1-b", NEW, 15)), share: 1 / 3 },
      ...["app-2", "app-3"].map((slot) => ({ slot, release: OLD, share: 1 / 3, milliseconds: 14 })),
    ],
  });
  return {
    ...base,
    outcome: "succeeded",
    durationSeconds: 13.8,
    release: OLD,
    canary: { hosts: ["app-1"], release: NEW },
    hosts: [
      { name: "app-1", from: OLD, to: NEW },
      { name: "app-2", from: OLD, to: OLD },
      { name: "app-3", from: OLD, to: OLD },
    ],
    reports: script.reports,
    ledger,
    changesFrom: secondAt(2),
  };
}

/** The first deployment, when there is nobody yet to send a request. */
export function rollWithoutTraffic(): RollRecord {
  const { ledger: _, changesFrom: __, commit: ___, ...rest } = goodRoll();
  return { ...rest, hosts: rest.hosts.map(({ name, to }) => ({ name, to })) };
}

/** The second, since 1970, that is so many after the one in which rolls begin. */
function secondAt(offset: number): number {
  return Math.floor(Date.parse(BEGAN) / 1000) + offset;
}

function half(slot: string, release: string, milliseconds: number): Served {
  return { slot, release, share: 0.5, milliseconds };
}
