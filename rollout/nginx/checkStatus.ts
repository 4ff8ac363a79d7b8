import { z } from "zod";
import { RollgateError } from "../common/errors.ts";

/** The state of one server in nginx's active checks. */
export interface CheckedServer {
  /** The resolved address, such as `127.0.0.1:8081` or `[::1]:8081`. */
  readonly name: string;
  readonly up: boolean;
  /** Consecutive passed and failed checks. */
  readonly rise: number;
  readonly fall: number;
}

const document = z.object({
  servers: z.object({
    server: z.array(z.object({ name: z.string(), status: z.string(), rise: z.number(), fall: z.number() })),
  }),
});

/**
 * Parses `/status?format=json`. It uses only the fields that all modules share: the module in
 * `mrlioncub/nginx_upstream_check_module` writes invalid UTF-8 and control characters into `since`.
 * https://github.com/yaoweibin/nginx_upstream_check_module
 */
export function parseCheckStatus(body: Uint8Array): CheckedServer[] {
  const text = new TextDecoder("utf-8").decode(body).replaceAll(/\p{Cc}/gu, " ");
  try {
    return document
      .parse(JSON.parse(text))
      .servers.server.map(({ name, status, rise, fall }) => ({ name, up: status === "up", rise, fall }));
  } catch (error) {
    throw new RollgateError(
      "status-unreadable",
      `expected the check module's JSON from /status, got ${text.trim().slice(0, 100) || "an empty answer"}`,
      {
        cause: error,
      },
    );
  }
}
