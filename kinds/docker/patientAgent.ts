import { Agent } from "node:http";
import { connect, type NetConnectOpts } from "node:net";
import { isSystemError } from "#rollout/common/errors.ts";

/** Below the time after which a lease expires: what waited for so long may still change something. */
export const PATIENCE_MILLISECONDS = 8_000;
const BETWEEN_ATTEMPTS_MILLISECONDS = 100;

/**
 * Connections to an engine, which may be away for a moment: it is restarted, or its socket is. A request waits for a
 * connection once the engine has been there; nothing has been sent by then. Before that it fails at once.
 */
export function patientAgent(): Agent {
  // A kept connection would break with the engine, and a request on it with the connection.
  const agent = new Agent({ keepAlive: false });
  let wasThere = false;
  agent.createConnection = (options: NetConnectOpts, done) => {
    const began = performance.now();
    const attempt = () => {
      const socket = connect(options);
      const onError = (error: Error) => {
        const isAway = isSystemError(error, "ECONNREFUSED", "ENOENT");
        const isOver = performance.now() - began > PATIENCE_MILLISECONDS;
        if (wasThere && isAway && !isOver) setTimeout(attempt, BETWEEN_ATTEMPTS_MILLISECONDS);
        else done?.(error, socket);
      };
      socket.once("error", onError);
      socket.once("connect", () => {
        wasThere = true;
        socket.off("error", onError);
        done?.(null, socket);
      });
    };
    attempt();
    return undefined;
  };
  return agent;
}
