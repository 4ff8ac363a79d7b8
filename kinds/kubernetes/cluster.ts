import { resolve } from "node:path";
import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
  type KubernetesObject,
  type ListPromise,
  ListWatch,
  Watch,
} from "@kubernetes/client-node";
import { InvalidInput, messageOf, RollgateError } from "#rollout/common/errors.ts";
import { within } from "#rollout/common/within.ts";
import { askLoopback } from "./askLoopback.ts";
import { getFromPod, type PodPort } from "./getFromPod.ts";
import type { ClusterAccess } from "./workload.ts";

const ANSWER_SECONDS = 20;
/** What the client library uses if there is none. */
const WITHOUT_KUBECONFIG = "http://localhost:8080";

/** What to watch. */
interface Selectors {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** The API of a cluster, one client per group. */
export interface Cluster {
  readonly server: string;
  readonly apps: AppsV1Api;
  readonly core: CoreV1Api;
  readonly batch: BatchV1Api;
  readonly coordination: CoordinationV1Api;
  readonly discovery: DiscoveryV1Api;
  readonly authorization: AuthorizationV1Api;
  /** Keeps a list of objects up to date once it is started; `list` gets the whole of it. */
  watch<T extends KubernetesObject>(path: string, of: Selectors, list: ListPromise<T>): ListWatch<T>;
  /** Sends a GET to a pod through the API; `undefined` if the pod gives no answer. Throws if the API itself fails. */
  getFromPod(pod: PodPort, path: string, signal: AbortSignal): Promise<number | undefined>;
  /** Sends a GET to a port of a pod's loopback address; returns the body. */
  askLoopback(pod: PodPort, path: string, signal: AbortSignal): Promise<string>;
  /** Asks within a deadline; throws in plain words. */
  ask<T>(question: Promise<T>): Promise<T>;
}

/** Reads the kubeconfig; nothing is asked yet. */
export function openCluster({ kubeconfig, kubeconfigFile, context }: ClusterAccess): Cluster {
  const config = new KubeConfig();
  try {
    if (kubeconfig !== undefined) config.loadFromString(kubeconfig);
    else if (kubeconfigFile !== undefined) config.loadFromFile(resolve(kubeconfigFile));
    else config.loadFromDefault();
  } catch (error) {
    throw new InvalidInput("kubeconfig", `expected a kubeconfig, but ${messageOf(error)}`);
  }
  if (context !== undefined) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context)) {
      throw new InvalidInput("kubeContext", `expected ${known.join(", ") || "none"}, got ${context}`);
    }
    config.setCurrentContext(context);
  }
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new InvalidInput("kubeconfig", "expected one with a cluster, got none");
  if (server === WITHOUT_KUBECONFIG)
    throw new InvalidInput("kubeconfig", "expected a file, found neither KUBECONFIG nor ~/.kube/config");
  return {
    server,
    apps: config.makeApiClient(AppsV1Api),
    core: config.makeApiClient(CoreV1Api),
    batch: config.makeApiClient(BatchV1Api),
    coordination: config.makeApiClient(CoordinationV1Api),
    discovery: config.makeApiClient(DiscoveryV1Api),
    authorization: config.makeApiClient(AuthorizationV1Api),
    watch: (path, { labelSelector, fieldSelector }, list) =>
      new ListWatch(path, new Watch(config), list, false, labelSelector, fieldSelector),
    getFromPod: (pod, path, signal) => getFromPod(config, server, pod, path, signal),
    askLoopback: (pod, path, signal) => inPlainWords(server, askLoopback(config, pod, path, signal)),
    ask: (question) => inPlainWords(server, question),
  };
}

/** Returns `undefined` for something that is not there. */
export async function orNothing<T>(question: Promise<T>): Promise<T | undefined> {
  try {
    return await question;
  } catch (error) {
    if (isRefusal(error, 404)) return undefined;
    throw error;
  }
}

/** The API answered with one of these statuses. */
export function isRefusal(error: unknown, ...statuses: number[]): error is ClusterRefused {
  return error instanceof ClusterRefused && statuses.includes(error.status);
}

/** The API said no. */
export class ClusterRefused extends RollgateError {
  readonly status: number;

  constructor(status: number, message: string, options: ErrorOptions) {
    super(status === 401 || status === 403 ? "cluster-forbids" : "cluster-refused", message, options);
    this.status = status;
  }
}

async function inPlainWords<T>(server: string, question: Promise<T>): Promise<T> {
  try {
    return await within(ANSWER_SECONDS, `an answer of ${server}`, question);
  } catch (error) {
    if (error instanceof ApiException) {
      throw new ClusterRefused(error.code, `${server} answered ${error.code}: ${reasonIn(error.body)}`, {
        cause: error,
      });
    }
    if (error instanceof RollgateError) throw error;
    throw new RollgateError("cluster-unreachable", `${server} does not answer: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Kubernetes puts a sentence for people into its answers. */
function reasonIn(body: unknown): string {
  const status = typeof body === "string" ? parsed(body) : body;
  const message = Object(status).message;
  return typeof message === "string" ? message : String(body).slice(0, 300);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
