import { z } from "zod";
import type { NginxKind, OpenNginx } from "#kinds/nginxKind.ts";
import { servingInputs } from "#kinds/servingInputs.ts";
import { RollgateError } from "#rollout/common/errors.ts";
import { MachineLeaseStore } from "#rollout/lease/machineLeaseStore.ts";
import { machineAbilities, workersAccount } from "#rollout/nginx/machineAbilities.ts";
import { MachineNginxServer } from "#rollout/nginx/machineNginxServer.ts";
import { ProcessNginx } from "#rollout/nginx/nginxRunner.ts";
import { partOf } from "#rollout/request/partOf.ts";
import { type NamespaceProxyDescriptor, namespaceProxyDescriptor } from "./namespaceDescriptors.ts";
import { NamespaceMachine } from "./namespaceMachine.ts";

export const namespaceNginx: NginxKind = {
  inputs: namespaceProxyDescriptor.extend({ executable: z.string(), ...servingInputs }),
  asked: "namespace",
  place: ["namespace", "directory"],
  ways: ["executable"],
  deleteBeforeReplace: true,
  open: (inputs) => openNamespaceNginx(partOf(namespaceProxyDescriptor, inputs)),
};

/** An nginx that runs as a daemon in a namespace. */
export function openNamespaceNginx(proxy: NamespaceProxyDescriptor): OpenNginx {
  const { namespace, directory, address, port, controlPort } = proxy;
  const machine = new NamespaceMachine(namespace);
  const place = { directory, address, port, controlPort, url: `http://${address}:${port}` };
  const server = new MachineNginxServer(machine, place, new ProcessNginx(machine, directory, "nginx"));
  return {
    id: `${namespace}:${directory}`,
    name: `the nginx of ${namespace}`,
    server,
    sharesPorts: true,
    leases: new MachineLeaseStore(machine, `${directory}/lease`),
    abilities: () => machineAbilities(machine, "nginx"),
    settings: async () => ({
      directory,
      address,
      port,
      controlPort,
      ...(await workersAccount(machine, directory)),
    }),
    unknown: async () => new RollgateError("nginx-missing", "expected nginx, found none"),
    close: () => server.access.close(),
  };
}
