import { resolve } from "node:path";
import { z } from "zod";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import { controlPortFor, readControlPort } from "../../settings/controlPort.ts";
import { readForeignNginx } from "../../settings/frontDoor/foreignNginx.ts";
import { readHosts, withHealthPort } from "../../settings/hosts.ts";
import { readNginxServers, refuseOthersOfForeign } from "../../settings/nginxServers.ts";
import type { Reader } from "../../settings/reader.ts";
import { SECOND_PORTS, withSecondPorts } from "../../settings/secondPorts.ts";
import { type KindSettings, poolOf, SSH_DEFAULTS } from "../kind.ts";
import { localHostDescriptor, localNginxInputs, localProxyDescriptor } from "./localDescriptors.ts";

/** Hosts and nginx as processes on this machine. */
export function readLocalSettings(reader: Reader): KindSettings {
  const root = resolve(reader.text("directory") || `.rollgate/${reader.stack}`);
  reader.refuseSet("docker", ["dockerEngine", "dockerSubnet", "containerMemoryMegabytes", "containerCpus"]);
  reader.refuseSet("ssh", ["sshConfig", "sshProvisionUser"]);
  reader.ignore("containerImage", "containerUser", "nginxImage", ...SSH_DEFAULTS);
  const executable = reader.text("nginx");
  const given = readHosts(
    reader.hosts(),
    ({ name }) => ({ kind: "local", address: "127.0.0.1", directory: `${root}/hosts/${name}` }),
    SECOND_PORTS,
  );
  const here = () => "this machine";
  const first = {
    kind: "local",
    directory: `${root}/nginx`,
    address: reader.text("nginxAddress"),
    port: reader.number("nginxPort"),
    controlPort: readControlPort(reader, root),
    ...readForeignNginx(reader),
  };
  const others = readNginxServers(reader, ["port", "address", "controlPort"]).map((entry) => {
    const directory = `${root}/nginx-${entry.port}`;
    return { ...first, directory, controlPort: controlPortFor(directory), ...entry };
  });
  refuseOthersOfForeign(reader, others);
  return {
    hosts: withSecondPorts(withHealthPort(given, reader.number("healthPort")), {
      machineOf: here,
      nginx: [first, ...others].map(({ port }) => ({ machine: here(), port })),
    }),
    proxies: [first, ...others],
    declare(request, serving) {
      const [place, ...others] = parse(proxiesOf(localProxyDescriptor), request.proxies);
      const inputs = { ...place, ...Object(serving), executable, hosts: poolOf(request) };
      return {
        app: {
          hosts: parse(z.array(localHostDescriptor), request.hosts),
          java: request.launch.java,
          graceSeconds: request.timing.graceSeconds,
        },
        nginx: {
          ...parse(localNginxInputs, inputs),
          ...(others.length > 0 && {
            others: others.map((other) => ({ key: String(other.port), place: other })),
          }),
        },
        preflight: async () => ({}),
      };
    },
  };
}
