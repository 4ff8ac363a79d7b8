import { createHash } from "node:crypto";
import { CLOSE_CONNECTIONS, IDLE_SECONDS } from "#rollout/nginx/closeConnections.ts";
import { labelsOf, selectorOf } from "../labels.ts";
import { spreadOut } from "../spreadOut.ts";
import {
  FRONT_DIRECTORY,
  FRONT_PORT,
  FRONT_READY_PORT,
  type FrontSettings,
  frontConfiguration,
  SERVICE_ACCOUNT,
} from "./frontConfiguration.ts";

/** nginx in front of the pods of a workload. */
export interface Front {
  /** Of everything that belongs to it. */
  readonly name: string;
  readonly replicas: number;
  readonly image: string;
  readonly pullSecret?: string;
  readonly settings: FrontSettings;
  /** The workload's, whose pods are the upstream. */
  readonly workload: string;
  /** How long requests may take to finish once a pod of nginx is to stop. */
  readonly settleSeconds: number;
}

/** The account in the official images. */
const NGINX_USER = 101;
const FILES = "/etc/rollgate";
/** Beyond how long clients are asked to keep idle connections, and how long a Service takes to forget a pod. */
const PAUSE_SECONDS = IDLE_SECONDS + 1;
const START = `mkdir -p ${FRONT_DIRECTORY}/logs ${FRONT_DIRECTORY}/temp && rm -f ${FRONT_DIRECTORY}/${CLOSE_CONNECTIONS} && cp ${FILES}/* ${FRONT_DIRECTORY}/ && cd ${FRONT_DIRECTORY} && exec nginx -p ${FRONT_DIRECTORY} -c ${FRONT_DIRECTORY}/nginx.conf -e stderr -g 'daemon off;'`;
/** Clients leave with an answer each; then nginx gets the image's SIGQUIT. */
const STOP = `touch ${FRONT_DIRECTORY}/${CLOSE_CONNECTIONS}; sleep ${PAUSE_SECONDS}`;

/** All that nginx consists of in a cluster but the Service that clients come by; each is what the API calls it. */
export function frontObjects(front: Front) {
  const { name, workload, settings, replicas } = front;
  const { namespace, podsService } = settings;
  const files = frontConfiguration(settings);
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 10);
  const metadata = { name, namespace, labels: labelsOf(name) };
  // Another configuration is another object, so that pods of both find theirs while one replaces the other.
  const configMap = { metadata: { ...metadata, name: `${name}-${hash}` }, immutable: true, data: files };
  return {
    podsService: {
      metadata: { ...metadata, name: podsService, labels: labelsOf(workload) },
      spec: {
        clusterIP: "None",
        selector: selectorOf(workload),
        ports: [{ name: "http", port: settings.podPort, targetPort: "http", protocol: "TCP" }],
      },
    },
    serviceAccount: { metadata, automountServiceAccountToken: false },
    role: {
      metadata,
      rules: [{ apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"] }],
    },
    roleBinding: {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    configMap,
    deployment: {
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: selectorOf(name) },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: { labels: labelsOf(name) },
          spec: podOf(front, configMap.metadata.name),
        },
      },
    },
    disruptionBudget:
      replicas > 1
        ? {
            metadata,
            spec: {
              maxUnavailable: 1,
              selector: { matchLabels: selectorOf(name) },
              unhealthyPodEvictionPolicy: "AlwaysAllow",
            },
          }
        : undefined,
  };
}

function podOf({ name, image, pullSecret, settleSeconds, settings }: Front, configMap: string) {
  return {
    serviceAccountName: name,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: PAUSE_SECONDS + settleSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: NGINX_USER,
      runAsGroup: NGINX_USER,
      fsGroup: NGINX_USER,
      seccompProfile: { type: "RuntimeDefault" },
      // Each request takes a port, which stays taken for a minute.
      sysctls: [{ name: "net.ipv4.ip_local_port_range", value: "10000 65535" }],
    },
    containers: [
      {
        name: "nginx",
        image,
        command: ["sh", "-c", START],
        ports: [
          { name: "http", containerPort: settings.port },
          { name: "ready", containerPort: settings.readyPort },
        ],
        readinessProbe: { httpGet: { path: "/ready", port: "ready" }, periodSeconds: 1, timeoutSeconds: 2 },
        // Only if it can't verify the API, and does not answer at all for minutes.
        livenessProbe: {
          httpGet: { path: "/live", port: "ready" },
          ...{ periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 18 },
        },
        lifecycle: { preStop: { exec: { command: ["sh", "-c", STOP] } } },
        resources: { requests: { cpu: "50m", memory: "64Mi" } },
        volumeMounts: [
          { name: "files", mountPath: FILES, readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
      },
    ],
    volumes: [
      { name: "files", configMap: { name: configMap } },
      { name: "tmp", emptyDir: {} },
    ],
    topologySpreadConstraints: spreadOut(name),
    ...(pullSecret !== undefined && { imagePullSecrets: [{ name: pullSecret }] }),
  };
}

/** Where nginx of a pod is: the same in each. */
export const FRONT_PLACE = {
  directory: FRONT_DIRECTORY,
  address: "0.0.0.0",
  port: FRONT_PORT,
  readyPort: FRONT_READY_PORT,
  account: SERVICE_ACCOUNT,
  errorLog: "stderr",
  accessLogFile: "/dev/stdout",
} as const;
