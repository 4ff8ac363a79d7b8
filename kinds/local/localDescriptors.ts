import type { z } from "zod";
import { absolutePath, show } from "#rollout/request/fields.ts";
import { foreignNginx } from "#rollout/request/frontDoor/foreignNginx.ts";
import { controlPort, hostOf, proxyOf } from "#rollout/request/places.ts";
import { startedInputs } from "../servingInputs.ts";

/** An app host on this machine: a directory, an address and a port. */
export const localHostDescriptor = hostOf("local", {
  /** Absolute; holds `releases`, `current` and `logs`. */
  directory: absolutePath,
});
export type LocalHostDescriptor = z.infer<typeof localHostDescriptor>;

/** An nginx on this machine, or our part of one. */
export const localProxyDescriptor = proxyOf("local", {
  controlPort,
  /** The nginx that gets our part, if none is started for this stack. */
  foreign: foreignNginx.exactOptional(),
  /** Absolute; holds `drained` and our configuration. The prefix of an nginx of ours. */
  directory: absolutePath.regex(/^[^"$\\\r\n]*$/, {
    error: (issue) =>
      `expected a path without quotes, $ and \\, which are special to nginx, got ${show(issue.input)}`,
  }),
});
export type LocalProxyDescriptor = z.infer<typeof localProxyDescriptor>;

/** The inputs of an nginx of this machine. */
export const localNginxInputs = localProxyDescriptor.extend(startedInputs);
export type LocalNginxInputs = z.infer<typeof localNginxInputs>;
