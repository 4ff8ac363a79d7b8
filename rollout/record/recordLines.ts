import { z } from "zod";
import type { ProcessIdentity } from "../lease/thisProcess.ts";
import type { CountedInRoll } from "../ledger/countedInRoll.ts";
import type { Report } from "../roll/reporter.ts";
import type { RollRecord } from "./rollRecord.ts";

/** What is known when a roll begins. */
export type RollFacts = Omit<
  RollRecord,
  "outcome" | "durationSeconds" | "reports" | "warnings" | "failure" | keyof CountedInRoll
>;

/** How a roll ended. */
export type RollEnd = Pick<RollRecord, "durationSeconds" | "warnings" | "failure" | keyof CountedInRoll> & {
  readonly outcome: "succeeded" | "failed" | "killed";
};

/** One line of the file that a roll writes as it goes. */
export type RecordLine =
  | ({ readonly event: "start"; readonly process?: ProcessIdentity } & RollFacts)
  /** What each host ran before, by its name; without those that ran nothing. */
  | { readonly event: "before"; readonly releases: Readonly<Record<string, string>> }
  | ({ readonly event: "report" } & Report)
  | ({ readonly event: "outcome" } & RollEnd);

const start = z.looseObject({
  event: z.literal("start"),
  format: z.literal(1),
  id: z.string(),
  stack: z.string().optional(),
  owner: z.string(),
  began: z.string(),
  release: z.string(),
  hosts: z.array(z.looseObject({ name: z.string(), to: z.string() })),
  settings: z.record(z.string(), z.unknown()),
});
const before = z.looseObject({ event: z.literal("before"), releases: z.record(z.string(), z.string()) });
const report = z.looseObject({
  event: z.literal("report"),
  phase: z.string(),
  message: z.string(),
  elapsedSeconds: z.number(),
});
const outcome = z.looseObject({
  event: z.literal("outcome"),
  outcome: z.enum(["succeeded", "failed", "killed"]),
  warnings: z.array(z.string()),
});
const line = z.discriminatedUnion("event", [start, before, report, outcome]);

/** The lines of such a file; without those that are damaged, as the last one of a killed roll may be. */
export function parseLines(text: string): RecordLine[] {
  return text.split("\n").flatMap((each) => {
    const value = parseJson(each);
    return isRecordLine(value) ? [value] : [];
  });
}

/** The record that lines make up; `undefined` without a first one. The last outcome counts. */
export function recordOf(lines: readonly RecordLine[]): RollRecord | undefined {
  const [first] = lines;
  if (first?.event !== "start") return undefined;
  const { event: _, process: __, ...facts } = first;
  const releases = lines.find((each) => each.event === "before")?.releases ?? {};
  const end = lines.findLast((each) => each.event === "outcome") ?? { outcome: "rolling" as const };
  const { event: ___, ...ended } = { event: "", warnings: [], ...end };
  return {
    ...facts,
    hosts: facts.hosts.map((host) => ({ ...host, ...fromOf(releases, host.name) })),
    reports: lines.flatMap((each) => (each.event === "report" ? [withoutEvent(each)] : [])),
    ...ended,
  };
}

function fromOf(releases: Readonly<Record<string, string>>, name: string): { readonly from?: string } {
  const from = Object.hasOwn(releases, name) ? releases[name] : undefined;
  return from === undefined ? {} : { from };
}

function withoutEvent({ event: _, ...report }: { readonly event: string } & Report): Report {
  return report;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecordLine(value: unknown): value is RecordLine {
  return line.safeParse(value).success;
}
