import { nginxScript } from "./nginxScripts.ts";

/** The flag file that makes nginx close each client connection after its next answer. */
export const CLOSE_CONNECTIONS = "close-connections";

/** How long clients are asked to keep idle connections open. */
export const IDLE_SECONDS = 5;

const RAISE = nginxScript("forget-sum", "close-connections");
const LOWER = nginxScript("keep-connections", "enter-flags", "forget-sum", "sum-flags");

/** Raises or lowers the flag; takes nginx's folder. */
export function closeConnectionsScript(on: boolean): string {
  return on ? RAISE : LOWER;
}
