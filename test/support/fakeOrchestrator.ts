import type { OrchestratedKind } from "#kinds/kind.ts";
import { KINDS, type Kinds, kindsOf } from "#kinds/kinds.ts";
import type { Orchestrator } from "#kinds/orchestrator.ts";
import { text } from "#rollout/request/fields.ts";
import { hostOf, proxyOf } from "#rollout/request/places.ts";
import type { RollOptions } from "#rollout/roll/roll.ts";
import { validRequest } from "./rollRequest.ts";

/** Hosts that run whatever they are rolled to, and do what `during` says in between. */
export class FakeOrchestrator implements Orchestrator {
  release = "";
  during: (options: RollOptions) => Promise<void> | void = () => {};

  async roll(...[{ release }, , options]: Parameters<Orchestrator["roll"]>) {
    options.reporter({ phase: "preflight", message: "3 hosts are ready", elapsedSeconds: 0 });
    if (this.release !== "") options.onFirstLook?.({ "app-1": this.release });
    await this.during(options);
    this.release = release;
    return { release, rolled: [], durationSeconds: 1.5, warnings: [] };
  }

  async plan() {
    return { hosts: {}, forecast: "", warnings: [] };
  }

  async survey() {
    const releases = { "app-1": this.release };
    return { url: "http://10.0.0.1:80", rollingOrder: [`app-1: ${this.release}`], releases };
  }

  async findRelease(name: string): Promise<string> {
    return name;
  }

  async close(): Promise<void> {}
}

/** All kinds, and one more whose hosts this orchestrator rolls; what such a stack asks for besides its jar. */
export function orchestratedBy(orchestrator: Orchestrator): {
  readonly kinds: Kinds;
  readonly given: object;
} {
  const orchestra: OrchestratedKind = {
    host: hostOf("orchestra", { namespace: text }),
    proxy: proxyOf("orchestra", { service: text }),
    machineOf: ({ address }) => address,
    readSettings: () => Promise.reject(new Error("not needed here")),
    openOrchestrator: async () => orchestrator,
  };
  const { jar: _, release: __, ...valid } = validRequest();
  const hosts = [{ kind: "orchestra", name: "app-1", address: "10.0.1.1", port: 8080, namespace: "shop" }];
  const proxies = [{ kind: "orchestra", address: "10.0.0.1", port: 80, service: "shop" }];
  return { kinds: kindsOf({ ...KINDS, orchestra }), given: { ...valid, hosts, proxies, minimumHealthy: 0 } };
}
