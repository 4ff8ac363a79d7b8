import type { Change, Values } from "#kinds/change.ts";
import type { Orchestrator } from "#kinds/orchestrator.ts";
import { messageOf, RollFailed } from "#rollout/common/errors.ts";
import { printable } from "#rollout/common/plainLine.ts";
import { redactor } from "#rollout/common/redact.ts";
import { secondsSince } from "#rollout/common/secondsSince.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";
import { condensed } from "#rollout/roll/condensed.ts";
import { nextStepFor } from "#rollout/roll/nextStepFor.ts";
import { formatReport, type Report } from "#rollout/roll/reporter.ts";
import { surveyOf } from "./foldedLines.ts";
import { leaseOwner, leaseTiming } from "./leaseOptions.ts";
import { RollLog } from "./rollLog.ts";
import { secretsIn } from "./secretsIn.ts";

/** A stack has only one. */
export const ID = "rolling-deployment";

/** Rolls, and returns the outputs; what is thrown has them, too. */
export async function deploy(
  orchestrator: Orchestrator,
  request: RollRequest,
  { olds, news }: Change,
  signal: AbortSignal,
): Promise<Values> {
  const redact = redactor([...secretsIn(request), ...secretsIn(olds)]);
  const began = performance.now();
  const print = condensed(
    (report: Report) => console.log(redact(formatReport(report))),
    request.hosts.length,
  );
  const owner = leaseOwner();
  const log = await RollLog.begin(request, owner, { olds, redact, print });
  try {
    const result = await orchestrator.roll(request, request, {
      owner,
      ...log.place,
      reporter: (report) => log.report(report),
      onFirstLook: (releases) => log.before(releases),
      onCounted: (counted) => log.counted(counted),
      signal,
      redact,
      leaseTiming: leaseTiming(request.timing.leaseWaitSeconds),
      ...(request.stack !== undefined && { stack: request.stack }),
    });
    const { durationSeconds, ledger = null, found } = result;
    return {
      ...news,
      ...(await surveyOf(orchestrator, request, found)),
      durationSeconds,
      ledger,
      ...(await log.succeeded(result)),
    };
  } catch (error) {
    const told = await log.failed(error);
    throw Object.assign(new Error(redact(messageOf(error)), { cause: error }), {
      id: ID,
      properties: {
        ...news,
        ...(await surveyOf(orchestrator, request)),
        durationSeconds: secondsSince(began),
        ledger: null,
        ...told,
      },
      reasons: [redact(reasonOf(error))],
    });
  }
}

function reasonOf(error: unknown): string {
  const evidence = error instanceof RollFailed ? error.evidence : [];
  const next = `Next: ${nextStepFor(error)}.`;
  return [printable(messageOf(error)), ...evidence.map((line) => `    ${line}`), next].join("\n");
}
