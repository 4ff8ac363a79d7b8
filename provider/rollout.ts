/**
 * The engine, for programs that roll without Pulumi.
 *
 * @module rollgate/rollout
 */

export { InvalidInput, RollFailed, RollgateError } from "#rollout/common/errors.ts";
export { identifyJar, type Jar } from "#rollout/release/jar.ts";
export { releaseId } from "#rollout/release/release.ts";
export type { RollRequest } from "#rollout/request/rollRequest.ts";
export { formatReport, type Report, type Reporter } from "#rollout/roll/reporter.ts";
export type { RollResult } from "#rollout/roll/roll.ts";
export { type RollFleetOptions, rollFleet } from "./rollFleet.ts";
