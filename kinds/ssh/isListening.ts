import { existsSync } from "node:fs";
import { connect } from "node:net";

const LOOK_MILLISECONDS = 10;

/** Whether a process accepts connections at a socket, which may be left of one that was killed. */
export async function isListening(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return false;
  return new Promise((resolve) => {
    const connection = connect(socket);
    const end = (isThere: boolean) => {
      connection.destroy();
      resolve(isThere);
    };
    connection.once("connect", () => end(true)).once("error", () => end(false));
  });
}

/** Waits until a process does so; returns false if `signal` ended the wait. */
export function untilListening(socket: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const look = async () => {
      if (signal.aborted) resolve(false);
      else if (await isListening(socket)) resolve(true);
      else setTimeout(look, LOOK_MILLISECONDS);
    };
    void look();
  });
}
