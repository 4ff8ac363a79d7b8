import { z } from "zod";
import { integer } from "../fields.ts";

const DAY = 86_400;

/** How long nginx waits, each independent of the others and of how long a roll waits. */
export const timeouts = z.strictObject({
  /** For a host to accept a connection. Linux gives up after 75 seconds. */
  connectSeconds: integer(1, 75).exactOptional(),
  /** Between two writes of a request to a host. */
  sendSeconds: integer(1, DAY).exactOptional(),
  /** Between two reads of an answer. */
  readSeconds: integer(1, DAY).exactOptional(),
  /** The same for websockets. */
  websocketIdleSeconds: integer(1, DAY).exactOptional(),
  /** The same for requests that accept `text/event-stream`. */
  eventStreamIdleSeconds: integer(1, DAY).exactOptional(),
  /** For the next request on a client's connection; 0 closes it after each answer. */
  keepAliveSeconds: integer(0, DAY).exactOptional(),
});
export type Timeouts = z.infer<typeof timeouts>;
