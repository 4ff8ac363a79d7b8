import type { V1Deployment } from "@kubernetes/client-node";
import { openWorkload, removeWorkload } from "#kinds/kubernetes/openWorkload.ts";
import type { Workload } from "#kinds/kubernetes/workload.ts";
import { closing } from "#rollout/common/closing.ts";
import { formatReport } from "#rollout/roll/reporter.ts";
import type { RollResult } from "#rollout/roll/roll.ts";
import type { RollPolicy } from "#rollout/roll/rollContext.ts";
import { KUBECONFIG, kubectl, NODE_ADDRESS } from "../../../harness/kubernetes/kubernetesCluster.ts";
import { validRequest } from "../rollRequest.ts";

/** What a roll of a test differs in. */
export interface PodRoll extends Partial<RollPolicy> {
  readonly environment?: Readonly<Record<string, string>>;
  readonly owner?: string;
  readonly signal?: AbortSignal;
  /** The pods besides those of the canary; 3 by default. */
  readonly replicas?: number;
  /** The release of a canary of one pod. */
  readonly canary?: string;
  readonly leaseExpiryMilliseconds?: number;
}

/** Three pods of an application behind a Service with a NodePort, in a namespace of their own. */
export class PodFleet {
  readonly lines: string[] = [];
  readonly url: string;
  /** nginx before the pods, if there is one. */
  front: Workload["front"];
  readonly #namespace: string;
  readonly #imageOf: (release: string) => string;

  private constructor(namespace: string, nodePort: number, imageOf: (release: string) => string) {
    this.#namespace = namespace;
    this.#imageOf = imageOf;
    this.url = `http://${NODE_ADDRESS}:${nodePort}`;
  }

  static async create(
    namespace: string,
    nodePort: number,
    imageOf: (release: string) => string,
  ): Promise<PodFleet> {
    await kubectl("create", "namespace", namespace);
    const ports = JSON.stringify({ ports: [{ port: 80, targetPort: 8080, nodePort }], type: "NodePort" });
    await kubectl("-n", namespace, "create", "service", "nodeport", "market", "--tcp=80:8080");
    await kubectl("-n", namespace, "patch", "service", "market", "--patch", `{"spec":${ports}}`);
    const selector = JSON.stringify({ spec: { selector: { app: "market" } } });
    await kubectl("-n", namespace, "patch", "service", "market", "--patch", selector);
    await kubectl("-n", namespace, "create", "pdb", "market", "--selector=app=market", "--max-unavailable=1");
    return new PodFleet(namespace, nodePort, imageOf);
  }

  /** The same fleet for another deployer. */
  static at(namespace: string, nodePort: number, imageOf: (release: string) => string): PodFleet {
    return new PodFleet(namespace, nodePort, imageOf);
  }

  /** Rolls to a release; throws what the roll throws. */
  async roll(release: string, { owner, signal, ...changes }: PodRoll = {}): Promise<RollResult> {
    const { launch: _, ...request } = validRequest();
    const timing = { ...request.timing, soakSeconds: 2 };
    const health = { ...request.health, deadlineSeconds: 60 };
    const policy = { ...request, timing, health, ...changes };
    const expiryMilliseconds = changes.leaseExpiryMilliseconds ?? 3_000;
    return closing(
      openWorkload(this.workload({ ...changes, soakSeconds: policy.timing.soakSeconds })),
      (orchestrator) =>
        orchestrator.roll(desiredOf(release, changes.canary), policy, {
          stack: this.#namespace,
          owner: owner ?? "ann@build-1 (pid 1)",
          reporter: (report) => this.lines.push(formatReport(report)),
          signal: signal ?? new AbortController().signal,
          leaseTiming: {
            heartbeatMilliseconds: 500,
            expiryMilliseconds,
            waitMilliseconds: policy.timing.leaseWaitSeconds * 1000,
          },
        }),
    );
  }

  async survey(changes: Pick<PodRoll, "canary"> = {}) {
    return closing(openWorkload(this.workload(changes)), (orchestrator) => orchestrator.survey());
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl("-n", this.#namespace, ...args);
  }

  async remove(): Promise<void> {
    await removeWorkload(this.workload({}));
    await kubectl("delete", "namespace", this.#namespace, "--wait=false");
  }

  workload({
    environment = {},
    replicas = 3,
    soakSeconds = 2,
    canary,
  }: PodRoll & { readonly soakSeconds?: number }): Workload {
    const common = {
      cluster: { kubeconfigFile: KUBECONFIG },
      namespace: this.#namespace,
      service: this.front ? "market-pods" : "market",
      ...(this.front && { front: this.front }),
      url: this.url,
      environment,
    };
    const of = (release: string, secret: string, count: number, track = {}) =>
      deploymentOf(this.#imageOf(release), secret, { replicas: count, soakSeconds, track });
    const ofCanary: Workload = {
      ...common,
      name: CANARY,
      canaryOf: "market",
      deploymentOf: (release, secret) => of(release, secret, 1, { track: "canary" }),
    };
    return {
      ...common,
      name: "market",
      ...(canary !== undefined && { canary: ofCanary }),
      deploymentOf: (release, secret) => of(release, secret, replicas),
    };
  }
}

const CANARY = "market-canary";

function desiredOf(release: string, canary: string | undefined) {
  if (canary === undefined) return { release };
  const jar = { path: "/canary.jar", version: "", sha256: "" };
  return { release, canary: { hosts: [CANARY], release: canary, jar } };
}

function deploymentOf(
  image: string,
  environmentSecret: string,
  {
    replicas,
    soakSeconds,
    track,
  }: { readonly replicas: number; readonly soakSeconds: number; readonly track: object },
): V1Deployment {
  const httpGet = { path: "/actuator/health", port: 8080 };
  return {
    spec: {
      replicas,
      selector: { matchLabels: { app: "market", ...track } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      minReadySeconds: soakSeconds,
      revisionHistoryLimit: 3,
      template: {
        metadata: { labels: { app: "market", ...track } },
        spec: {
          terminationGracePeriodSeconds: 20,
          dnsPolicy: "Default",
          containers: [
            {
              name: "app",
              image,
              imagePullPolicy: "Never",
              ports: [{ containerPort: 8080 }],
              envFrom: [{ secretRef: { name: environmentSecret } }],
              startupProbe: { httpGet, periodSeconds: 1, failureThreshold: 120 },
              readinessProbe: { httpGet, periodSeconds: 1 },
              lifecycle: { preStop: { sleep: { seconds: 3 } } },
            },
          ],
        },
      },
    },
  };
}
