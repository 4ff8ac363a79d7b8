import type { Lease } from "../lease/lease.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { ReverseProxy } from "../nginx/reverseProxy.ts";
import type { RollStatus } from "../status/rollStatus.ts";
import type { RollContext } from "./rollContext.ts";

/** What counts the requests of a roll, and what shows it on nginx's status page. */
interface Followers {
  readonly ledger: Ledger;
  readonly status: RollStatus;
}

/** Lets both follow what is done to the proxy; returns what tells them about the hosts. */
export function follow(
  { ledger, status }: Followers,
  proxy: ReverseProxy,
  lease: Lease,
  { report, onFirstLook }: Pick<RollContext, "report" | "onFirstLook">,
): Pick<RollContext, "onRunning" | "onFinished" | "onLastLook" | "onFirstLook" | "follower"> {
  proxy.begin({
    assertHeld: () => lease.assertHeld(),
    guard: lease.guard,
    tell: (message) => report("nginx", message),
    drains: (slot) => {
      ledger.drains(slot);
      status.drains(slot);
    },
    admits: (slot, release) => {
      if (release !== undefined) ledger.admits(slot, release);
      status.admits(slot, release);
    },
  });
  status.begin(proxy.statusFiles, lease);
  return {
    onRunning: (slot, release) => ledger.sees(slot, release),
    onFinished: () => ledger.finishes(),
    onLastLook: () => {
      ledger.readAhead();
      status.endsSoon();
    },
    onFirstLook: (releases) => {
      onFirstLook?.(releases);
      status.before(releases);
    },
    follower: status,
  };
}
