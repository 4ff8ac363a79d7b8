import { z } from "zod";
import type { MachineKind } from "#kinds/kind.ts";
import { poolOf } from "#kinds/kind.ts";
import { machineFleet } from "#kinds/machineFleet.ts";
import { parse } from "#rollout/request/validate.ts";
import { namespaceHostDescriptor, namespaceProxyDescriptor } from "./namespaceDescriptors.ts";
import { namespaceHost, openNamespaceHost } from "./namespaceHost.ts";
import { namespaceNginx, openNamespaceNginx } from "./namespaceNginx.ts";

/** Hosts and nginx in network namespaces of this computer, named after the hosts. */
export const namespaces = {
  host: namespaceHostDescriptor,
  proxy: namespaceProxyDescriptor,
  machineOf: (place) => Reflect.get(place, "namespace"),
  readSettings: async (reader) => {
    const root = reader.text("directory");
    return {
      hosts: reader.hosts().map((host) => {
        const { name } = Object(host);
        return { ...Object(host), kind: "namespaces", namespace: name, directory: `${root}/${name}` };
      }),
      proxies: [
        {
          kind: "namespaces",
          namespace: "nginx",
          directory: `${root}/nginx`,
          address: reader.text("nginxAddress"),
          port: reader.number("nginxPort"),
        },
      ],
      declare: (request, serving) => ({
        app: { hosts: request.hosts, graceSeconds: request.timing.graceSeconds },
        nginx: parse(namespaceNginx.inputs, {
          ...request.proxies[0],
          ...Object(serving),
          executable: reader.text("nginx"),
          hosts: poolOf(request),
        }),
        preflight: async () => ({}),
      }),
    };
  },
  hosts: async () => namespaceHost,
  nginx: async () => namespaceNginx,
  openFleet: async (request) => {
    const { leases, server } = openNamespaceNginx(parse(namespaceProxyDescriptor, request.proxies[0]));
    const hosts = parse(z.array(namespaceHostDescriptor), request.hosts).map(openNamespaceHost);
    return machineFleet(request, { hosts, nginx: [server.access], leases });
  },
} satisfies MachineKind;
