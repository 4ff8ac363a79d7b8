import { connect } from "node:net";
import { RollgateError } from "#rollout/common/errors.ts";
import { engineAddress } from "./engineAddress.ts";

const INTERVAL_MILLISECONDS = 1_000;
const REFUSALS_NEEDED = 2;

/**
 * Aborts once the Pulumi engine that started this provider is gone. Ctrl-C never reaches a dynamic provider, and one
 * whose engine was killed lives on as an orphan, but then the engine's address refuses connections.
 */
export function watchEngine(
  address: string | undefined,
  intervalMilliseconds = INTERVAL_MILLISECONDS,
): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const engine = engineAddress(address ?? "");
  if (!engine) return { signal: controller.signal, stop: () => {} };
  let refusals = 0;
  const timer = setInterval(() => {
    const socket = connect(engine.port, engine.host);
    socket.once("connect", () => {
      refusals = 0;
      socket.destroy();
    });
    socket.once("error", () => {
      refusals++;
      if (refusals >= REFUSALS_NEEDED) controller.abort(new RollgateError("engine-gone", "pulumi is gone"));
    });
  }, intervalMilliseconds);
  timer.unref();
  return { signal: controller.signal, stop: () => clearInterval(timer) };
}
