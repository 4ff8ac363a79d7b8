import { labelsOf, selectorOf } from "#kinds/kubernetes/labels.ts";
import { openWorkload, removeWorkload } from "#kinds/kubernetes/openWorkload.ts";
import type { Workload } from "#kinds/kubernetes/workload.ts";
import { workloadOf } from "#kinds/kubernetes/workloadOf.ts";
import { closing } from "#rollout/common/closing.ts";
import type { Launch } from "#rollout/request/launch.ts";
import type { HealthPolicy } from "#rollout/request/rollRequest.ts";
import { formatReport } from "#rollout/roll/reporter.ts";
import type { RollResult } from "#rollout/roll/roll.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { KUBECONFIG, kubectl, NODE_ADDRESS } from "../../../harness/kubernetes/kubernetesCluster.ts";
import { validRequest } from "../rollRequest.ts";
import { createObjects } from "./createObjects.ts";
import { kubernetesHost } from "./kubernetesHost.ts";
import { sourceOf } from "./podImages.ts";

const NAME = "market";

/** What a roll of a test differs in. */
export interface PodRoll extends Partial<RollPolicy> {
  readonly environment?: Readonly<Record<string, string>>;
  readonly owner?: string;
  readonly signal?: AbortSignal;
  /** The pods besides those of the canary; 3 by default. */
  readonly replicas?: number;
  /** The release of a canary of one pod. */
  readonly canary?: string;
}

/** What the pods of a fleet run. */
export interface PodApplication {
  /** Where its images are, on the node. */
  readonly repository: string;
  readonly java: string;
  readonly jvmOptions?: readonly string[];
}

/** An application that starts at once, in the images of `fakeReleaseImage`. */
export const FAKE: PodApplication = { repository: "rollgate-test/pod", java: "/opt/fake/java" };

/** Three pods, as the product declares them, behind a Service with a NodePort, in a namespace of their own. */
export class PodFleet {
  readonly lines: string[] = [];
  readonly url: string;
  /** nginx before the pods, if there is one. */
  front: Workload["front"];
  readonly #namespace: string;
  readonly #application: PodApplication;
  readonly #kubeconfig: string;

  private constructor(namespace: string, nodePort: number, application: PodApplication, kubeconfig: string) {
    this.#namespace = namespace;
    this.#application = application;
    this.#kubeconfig = kubeconfig;
    this.url = `http://${NODE_ADDRESS}:${nodePort}`;
  }

  static async create(namespace: string, nodePort: number, application = FAKE): Promise<PodFleet> {
    await kubectl("create", "namespace", namespace);
    const metadata = { name: NAME, labels: labelsOf(NAME) };
    const ports = [{ name: "http", port: 80, targetPort: "http", nodePort }];
    await createObjects(namespace, [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata,
        spec: { type: "NodePort", selector: selectorOf(NAME), ports },
      },
      {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata,
        spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(NAME) } },
      },
    ]);
    return PodFleet.at(namespace, nodePort, application);
  }

  /** The same fleet for another deployer. */
  static at(
    namespace: string,
    nodePort: number,
    application = FAKE,
    kubeconfig: string = KUBECONFIG,
  ): PodFleet {
    return new PodFleet(namespace, nodePort, application, kubeconfig);
  }

  /** Rolls to a release; throws what the roll throws. */
  async roll(
    release: string,
    { owner, signal, environment, canary, replicas, ...changes }: PodRoll = {},
  ): Promise<RollResult> {
    const { launch: _, ...request } = validRequest();
    const policy = { ...request, timing: { ...request.timing, soakSeconds: 2 }, ...changes };
    const { health, timing } = policy;
    const { soakSeconds } = timing;
    const workload = this.#workload({ health, soakSeconds, environment, canary, replicas });
    return closing(openWorkload(workload), (orchestrator) =>
      orchestrator.roll(desiredOf(release, canary), policy, {
        stack: this.#namespace,
        owner: owner ?? "ann@build-1 (pid 1)",
        reporter: (report) => this.lines.push(formatReport(report)),
        signal: signal ?? new AbortController().signal,
        leaseTiming: {
          heartbeatMilliseconds: 500,
          expiryMilliseconds: 3_000,
          waitMilliseconds: timing.leaseWaitSeconds * 1000,
        },
      }),
    );
  }

  async survey({ canary }: Pick<PodRoll, "canary"> = {}) {
    return closing(openWorkload(this.#workload({ canary })), (orchestrator) => orchestrator.survey());
  }

  /** Creates objects beside it. */
  create(items: readonly object[]): Promise<void> {
    return createObjects(this.#namespace, items);
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl("-n", this.#namespace, ...args);
  }

  removeWorkload(): Promise<void> {
    return removeWorkload(this.#workload());
  }

  async remove(): Promise<void> {
    await this.removeWorkload();
    await kubectl("delete", "namespace", this.#namespace, "--wait=false");
  }

  #workload({
    health = validRequest().health,
    soakSeconds = 2,
    environment = {},
    replicas = 3,
    canary,
  }: Described = {}): Workload {
    const { repository, java, jvmOptions = [] } = this.#application;
    const { pods, probes } = kubernetesHost();
    const common = {
      namespace: this.#namespace,
      cluster: { kubeconfigFile: this.#kubeconfig },
      probes: { ...probes, rise: 1 },
      image: sourceOf(repository),
    };
    const podsOf = (count: number) => ({
      ...pods,
      replicas: count,
      soakSeconds,
      settleSeconds: 3,
      graceSeconds: 17,
    });
    const place = kubernetesHost({ ...common, name: NAME, pods: podsOf(replicas) });
    const ofCanary = kubernetesHost({ ...common, name: CANARY, canaryOf: NAME, pods: podsOf(1) });
    const proxy = {
      kind: "kubernetes",
      address: "0.0.0.0",
      port: 80,
      namespace: this.#namespace,
      service: this.front?.entrance ?? NAME,
      ...(this.front && { nginx: { name: this.front.name, podsService: "market-pods" } }),
      url: this.url,
    };
    const container = { image: "not used", user: "10001:10001", memoryMegabytes: 0, milliCpus: 0 };
    const launch: Launch = { java, jvmOptions: [...jvmOptions], arguments: [], container };
    const hosts = canary === undefined ? [place] : [place, ofCanary];
    const { canary: beside, ...main } = workloadOf({ hosts, proxies: [proxy], health, launch, environment });
    const { url } = this;
    return { ...main, url, ...(beside && { canary: { ...beside, url } }) };
  }
}

/** What a workload of a fleet is made from. */
interface Described {
  readonly health?: HealthPolicy;
  readonly soakSeconds?: number;
  readonly environment?: PodRoll["environment"] | undefined;
  readonly replicas?: number | undefined;
  readonly canary?: string | undefined;
}

const CANARY = "market-canary";

function desiredOf(release: string, canary: string | undefined) {
  if (canary === undefined) return { release };
  const jar = { path: "/canary.jar", version: "", sha256: "" };
  return { release, canary: { hosts: [CANARY], release: canary, jar } };
}
