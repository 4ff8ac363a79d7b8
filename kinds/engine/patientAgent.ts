import { Agent } from "node:http";
import { type AgentOptions, Agent as TlsAgent } from "node:https";
import { connect, type NetConnectOpts } from "node:net";
import { connect as connectTls } from "node:tls";
import { isSystemError } from "#rollout/common/errors.ts";

/** Less than the expiry of a lease, so that a request that waited may still change something. */
export const PATIENCE_MILLISECONDS = 8_000;
const BETWEEN_ATTEMPTS_MILLISECONDS = 100;

/**
 * Connects to an engine that may be away for a moment, for example while it restarts. Once the engine has answered,
 * requests wait for it to return, before anything is sent. Until then, they fail at once. `tls` is what it takes to
 * trust an engine behind TLS, and to be trusted by it.
 */
export function patientAgent(tls?: AgentOptions): Agent {
  // A request on a kept connection would fail when the engine restarts.
  const agent = tls ? new TlsAgent({ ...tls, keepAlive: false }) : new Agent({ keepAlive: false });
  let wasThere = false;
  agent.createConnection = (options: NetConnectOpts, done) => {
    const began = performance.now();
    const attempt = () => {
      const socket = tls ? connectTls({ ...options }) : connect(options);
      const onError = (error: Error) => {
        const isAway = isSystemError(error, "ECONNREFUSED", "ENOENT");
        const isOver = performance.now() - began > PATIENCE_MILLISECONDS;
        if (wasThere && isAway && !isOver) setTimeout(attempt, BETWEEN_ATTEMPTS_MILLISECONDS);
        else done?.(error, socket);
      };
      socket.once("error", onError);
      socket.once(tls ? "secureConnect" : "connect", () => {
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
