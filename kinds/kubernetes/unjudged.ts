import { RollgateError } from "#rollout/common/errors.ts";

/** A roll can't go on, through no fault of the release, which is therefore not taken back: the next roll goes on with it. */
export class Unjudged extends RollgateError {}
