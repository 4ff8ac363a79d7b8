import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { readHosts } from "../../settings/hosts.ts";
import { type KindSettings, SSH_DEFAULTS } from "../../settings/kinds.ts";
import type { Reader } from "../../settings/reader.ts";

/** Hosts and nginx as processes of this machine. */
export function readLocalKind(reader: Reader): KindSettings {
  const root = resolve(reader.text("directory") || `.rollgate/${pulumi.getStack()}`);
  reader.refuseSet("docker", ["dockerEngine", "dockerSubnet", "containerMemoryMegabytes", "containerCpus"]);
  reader.refuseSet("ssh", ["nginxServer", "sshConfig", "sshProvisionUser"]);
  reader.ignore("containerImage", "containerUser", ...SSH_DEFAULTS);
  return {
    hosts: readHosts(reader.list("hosts"), ({ name }) => ({
      kind: "local",
      address: "127.0.0.1",
      directory: `${root}/hosts/${name}`,
    })),
    proxy: {
      kind: "local",
      directory: `${root}/nginx`,
      address: reader.text("nginxAddress"),
      port: reader.number("nginxPort"),
    },
  };
}
