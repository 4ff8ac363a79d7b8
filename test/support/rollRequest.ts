import type { LocalHostDescriptor, LocalProxyDescriptor } from "#kinds/local/localDescriptors.ts";
import type { RollRequest } from "#rollout/request/rollRequest.ts";

/** A request of the local kind. */
export interface LocalRequest extends RollRequest {
  hosts: LocalHostDescriptor[];
  proxies: [LocalProxyDescriptor, ...LocalProxyDescriptor[]];
}

/** A request that nothing is wrong with: three hosts behind one nginx. */
export function validRequest(): LocalRequest {
  return {
    release: "1.1.0-bbbbbbbbbbbb",
    jar: { path: "/srv/app.jar", version: "1.1.0", sha256: "b".repeat(64) },
    hosts: [1, 2, 3].map((number) => ({
      kind: "local",
      name: `app-${number}`,
      directory: `/srv/hosts/app-${number}`,
      address: "127.0.0.1",
      port: 8080 + number,
    })),
    proxies: [
      { kind: "local", directory: "/srv/nginx", address: "127.0.0.1", port: 8080, controlPort: 18_080 },
    ],
    launch: { java: "java", jvmOptions: ["-Xmx256m"], arguments: ["--spring.profiles.active=prod"] },
    environment: { DATABASE_URL: "jdbc:h2:mem:" },
    health: {
      path: "/actuator/health",
      passes: 2,
      intervalMilliseconds: 200,
      timeoutMilliseconds: 2000,
      deadlineSeconds: 60,
    },
    timing: {
      settleSeconds: 30,
      slowestRequestSeconds: 30,
      graceSeconds: 35,
      shutdownPhaseSeconds: 30,
      soakSeconds: 5,
      rollDeadlineSeconds: 3600,
      leaseWaitSeconds: 0,
    },
    order: "auto",
    batch: [1],
    minimumHealthy: 2,
    keepReleases: 3,
    onFailure: "rollback",
  };
}

/** A copy of `value` with something else at `path`, such as `hosts[2].port`; `undefined` removes it. */
export function withValue(value: object, path: string, replacement: unknown): Record<string, unknown> {
  const copy: Record<string, unknown> = structuredClone({ ...value });
  const keys = path.split(/[.[\]]+/).filter(Boolean);
  const last = keys.pop() ?? "";
  const parent = keys.reduce<object>((node, key) => Object(Reflect.get(node, key)), copy);
  if (replacement === undefined) Reflect.deleteProperty(parent, last);
  else Reflect.set(parent, last, replacement);
  return copy;
}
