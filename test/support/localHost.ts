import { LocalAppHost, type LocalAppHostOptions } from "#kinds/local/localAppHost.ts";
import type { LocalHostDescriptor } from "#kinds/local/localDescriptors.ts";

/** A local host at this port; nothing runs there until somebody starts it. */
export function localHost(
  descriptor: Partial<LocalHostDescriptor> & Pick<LocalHostDescriptor, "port">,
  options: Partial<LocalAppHostOptions> = {},
): LocalAppHost {
  return new LocalAppHost(
    { kind: "local", name: "app-1", directory: "/nowhere", address: "127.0.0.1", ...descriptor },
    {
      launch: { java: "java", jvmOptions: [], arguments: [] },
      environment: {},
      health: {
        path: "/actuator/health",
        passes: 2,
        intervalMilliseconds: 20,
        timeoutMilliseconds: 2000,
        deadlineSeconds: 10,
      },
      ...options,
    },
  );
}
