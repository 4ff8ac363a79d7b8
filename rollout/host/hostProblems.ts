import { RollgateError } from "../common/errors.ts";

/** A host as error messages name it. */
interface Named {
  readonly name: string;
  readonly port: number;
}

export function portTaken({ name, port }: Named, taker: string, which = port): RollgateError {
  return new RollgateError("port-taken", `port ${which} of ${name} is taken by ${taker}`);
}

export function releaseMissing({ name }: Named, id: string): RollgateError {
  return new RollgateError("release-missing", `${name} does not have a complete release ${id}`);
}

export function noRelease({ name }: Named): RollgateError {
  return new RollgateError("no-release", `${name} has no current release`);
}

export function launchUnknown({ name }: Named): RollgateError {
  return new RollgateError("launch-unknown", `${name} no longer knows how it was started before`);
}
