import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { parse } from "#rollout/request/validate.ts";
import { readControlPort } from "../../settings/controlPort.ts";
import { readForeignNginx } from "../../settings/frontDoor/foreignNginx.ts";
import { readHosts, withHealthPort } from "../../settings/hosts.ts";
import type { Reader } from "../../settings/reader.ts";
import { SECOND_PORTS, withSecondPorts } from "../../settings/secondPorts.ts";
import { type KindSettings, poolOf, SSH_DEFAULTS } from "../kind.ts";
import { localHostDescriptor, localNginxInputs, localProxyDescriptor } from "./localDescriptors.ts";

/** Hosts and nginx as processes on this machine. */
export function readLocalSettings(reader: Reader): KindSettings {
  const root = resolve(reader.text("directory") || `.rollgate/${pulumi.getStack()}`);
  reader.refuseSet("docker", ["dockerEngine", "dockerSubnet", "containerMemoryMegabytes", "containerCpus"]);
  reader.refuseSet("ssh", ["nginxServer", "sshConfig", "sshProvisionUser"]);
  reader.ignore("containerImage", "containerUser", "nginxImage", ...SSH_DEFAULTS);
  const executable = reader.text("nginx");
  const given = readHosts(
    reader.hosts(),
    ({ name }) => ({ kind: "local", address: "127.0.0.1", directory: `${root}/hosts/${name}` }),
    SECOND_PORTS,
  );
  const here = () => "this machine";
  return {
    hosts: withSecondPorts(withHealthPort(given, reader.number("healthPort")), {
      machineOf: here,
      nginx: { machine: here(), port: reader.number("nginxPort") },
    }),
    proxies: [
      {
        kind: "local",
        directory: `${root}/nginx`,
        address: reader.text("nginxAddress"),
        port: reader.number("nginxPort"),
        controlPort: readControlPort(reader, root),
        ...readForeignNginx(reader),
      },
    ],
    declare(request, serving) {
      const place = parse(localProxyDescriptor, request.proxies[0]);
      const inputs = { ...place, ...Object(serving), executable, hosts: poolOf(request) };
      return {
        app: {
          hosts: parse(z.array(localHostDescriptor), request.hosts),
          java: request.launch.java,
          graceSeconds: request.timing.graceSeconds,
        },
        nginx: parse(localNginxInputs, inputs),
        preflight: async () => ({}),
      };
    },
  };
}
