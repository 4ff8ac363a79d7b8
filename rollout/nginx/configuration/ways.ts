import { escapePattern } from "../../common/escapePattern.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { ownNames } from "../ownNames.ts";

type Site = Pick<NginxSettings, "name" | "buffering">;

/** How a request gets to its host: what differs between the locations of the application. */
export interface Way {
  /** At the end of the name of its location. */
  readonly suffix: "" | "_unbuffered" | "_stream" | "_websocket";
  readonly idleSeconds?: number;
  readonly isBuffered: boolean;
}

/** The way of most requests. */
export const COMMON: Way = { suffix: "", isBuffered: true };

/** How long a stream may be silent unless the settings say otherwise. */
const STREAM_SECONDS = 3600;

/** The ways of requests, the common one first. */
export function waysOf({ buffering, timeouts = {} }: Pick<NginxSettings, "buffering" | "timeouts">): Way[] {
  const { websocketIdleSeconds = STREAM_SECONDS, eventStreamIdleSeconds = STREAM_SECONDS } = timeouts;
  return [
    COMMON,
    ...(buffering ? [{ suffix: "_unbuffered", isBuffered: false } as const] : []),
    { suffix: "_stream", isBuffered: false, idleSeconds: eventStreamIdleSeconds },
    { suffix: "_websocket", isBuffered: true, idleSeconds: websocketIdleSeconds },
  ];
}

/** `$way`: the suffix of a request's way, for the `http` block. */
export function wayMaps({ name, buffering }: Site): string {
  const own = ownNames(name);
  const paths = buffering?.off ?? [];
  const unbuffered = `$${own("unbuffered")}`;
  const byPath =
    paths.length === 0
      ? ""
      : `map $uri ${unbuffered} {
    default "";
${paths.map((path) => `    "~^${startOf(path)}" _unbuffered;\n`).join("")}}
`;
  const common = paths.length === 0 ? '""' : unbuffered;
  return `${byPath}# An upgraded connection stays on its host despite drains and balancing, so only websocket may upgrade. And nginx must
# not hold back the events of a stream. What most clients send is found without an expression.
map "$http_upgrade:$http_accept" $${own("way")} {
    default ${common};
    ":" ${common};
    ":*/*" ${common};
    ":application/json" ${common};
    "~*^(?:[^:]*,)?[ \\t]*websocket[ \\t]*(?:,[^:]*)?:" _websocket;
    "~*^[^:]*:(?:.*,)?[ \\t]*text/event-stream[ \\t]*(?:[;,]|$)" _stream;
}
`;
}

/** A pattern for a path and all below it. */
function startOf(path: string): string {
  const plain = escapePattern(path.replace(/\/$/, ""));
  return `${plain}(?:/|$)`;
}
