import { createHash } from "node:crypto";
import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import type { TlsFiles } from "#rollout/nginx/tls/tryCertificate.ts";
import { integer } from "#rollout/request/fields.ts";
import { isPem } from "#rollout/request/frontDoor/tls.ts";
import { proxiesOf } from "#rollout/request/places.ts";
import { parse } from "#rollout/request/validate.ts";
import { readControlPort } from "../../settings/controlPort.ts";
import { readForeignNginx } from "../../settings/frontDoor/foreignNginx.ts";
import { readHosts, withHealthPort } from "../../settings/hosts.ts";
import { type NginxServerEntry, nginxOf, readNginxServers } from "../../settings/nginxServers.ts";
import type { Reader } from "../../settings/reader.ts";
import { SECOND_PORTS, withSecondPorts } from "../../settings/secondPorts.ts";
import { settingOf } from "../../settings/settingOf.ts";
import { type KindSettings, poolOf } from "../kind.ts";
import { hostsOnServers, nginxOnServer } from "./onServers.ts";
import { type ProvisionSettings, provisionServers } from "./provisionServers.ts";
import { type ReachedServers, reachServers } from "./reachServers.ts";
import {
  type SshNginxInputs,
  serverDirectory,
  sshHostDescriptor,
  sshNginxInputs,
  sshProxyDescriptor,
} from "./sshDescriptors.ts";

const DEFAULT_PORT = 8080;
/** Linux limits account names to 32 characters, and nginx's has a suffix. */
const LONGEST_PREFIX = 26;

/** Hosts and nginx on servers reached over SSH. */
export function readSshSettings(reader: Reader): KindSettings {
  reader.refuseSet("docker", ["dockerEngine", "dockerSubnet", "containerMemoryMegabytes", "containerCpus"]);
  reader.ignore("containerImage", "containerUser", "nginxImage");
  const prefix = shorten(`${reader.project}-${reader.stack}`.toLowerCase().replaceAll(/[^a-z0-9-]/g, "-"));
  const { directory: root } = parse(z.object({ directory: serverDirectory }), {
    directory: reader.text("directory") || `/srv/rollgate/${reader.stack}`,
  });
  const sshConfig = reader.text("sshConfig");
  const hostKeys = readHostKeys(reader);
  const { sshWaitSeconds } = parse(z.object({ sshWaitSeconds: integer(0, 3600) }), {
    sshWaitSeconds: reader.number("sshWaitSeconds"),
  });
  const supervisor = reader.text("sshSupervisor");
  const onServer = (server: unknown, name: string, folder: string) => ({
    server,
    sshConfig,
    ...hostKeys,
    supervisor,
    directory: `${root}/${folder}`,
    unit: `${prefix}-${name}`,
  });
  const servers = readNginxServers(reader, ["server", "hostKey", "address", "port", "controlPort"]);
  for (const [index, host] of reader.hosts().entries()) {
    const { name } = Object(host);
    if (name !== "nginx" && name !== "nginx-test") continue;
    throw new InvalidInput(
      `hosts[${index}].name`,
      `expected another name, since nginx's unit is called ${name}`,
    );
  }
  if (servers.length === 0)
    throw new InvalidInput(
      "nginxServers",
      "expected at least one server for nginx, such as { server: deploy@web-1.example.com }, got none",
    );
  const executable = reader.text("nginx");
  const provision: ProvisionSettings = {
    wanted: readBoolean(reader, "sshProvision"),
    user: reader.text("sshProvisionUser"),
    prefix,
    javaPackage: readPackage(reader, "javaPackage"),
    nginxPackage: readPackage(reader, "nginxPackage"),
  };
  // Servers that are set up by other means may have no unit for a second slot.
  const isPrepared = provision.wanted || supervisor !== "systemd";
  const given = readHosts(
    reader.hosts(),
    ({ name, address }) => ({
      kind: "ssh",
      port: DEFAULT_PORT,
      ...onServer(address, String(name), `hosts/${name}`),
      ...(!isPrepared && { secondPort: 0 }),
    }),
    ["server", "hostKey", ...SECOND_PORTS],
  );
  const common = {
    kind: "ssh",
    ...onServer(undefined, "nginx", "nginx"),
    address: reader.text("nginxAddress"),
    port: reader.number("nginxPort"),
    controlPort: readControlPort(reader, `${reader.project}/${reader.stack}`),
    ...readForeignNginx(reader),
  };
  const proxies = servers.map((entry) => ({ ...common, ...entry }));
  return {
    hosts: withSecondPorts(withHealthPort(given, reader.number("healthPort")), {
      machineOf: (host) => host.server,
      nginx: proxies.map(({ server, port }) => ({ machine: server, port })),
    }),
    proxies,
    settingOf: (property) => settingOfServer(property, servers),
    declare(request, serving) {
      const hosts = parse(z.array(sshHostDescriptor), request.hosts);
      const [place, ...others] = parse(proxiesOf(sshProxyDescriptor), request.proxies);
      const inputs = { ...place, ...Object(serving), executable, hosts: poolOf(request) };
      const nginx = parse(sshNginxInputs, inputs);
      const { graceSeconds } = request.timing;
      const certificate = certificateToCopy(nginx, provision);
      const copies = certificate !== undefined && { certificateCopies: true };
      const needed = {
        ...{ java: request.launch.java, nginx: executable, graceSeconds },
        ...(certificate && { certificate }),
      };
      const ready = provisionServers(hosts, provision, needed);
      let found: ReachedServers | undefined;
      const reached: ReachedServers = (server) => found?.(server);
      const further = others.length > 0 && { others };
      return {
        app: hostsOnServers({ hosts: ready.hosts, graceSeconds, reached }),
        nginx: nginxOnServer({ ...nginx, ...copies, ...ready.nginx, ...further, reached }),
        waitSeconds: sshWaitSeconds,
        preflight: async () => {
          const servers = [place, ...others].map((proxy) => ({ ...proxy, ...ready.nginx }));
          found = await reachServers(ready.hosts, servers, nginx.serverNames);
          return {};
        },
      };
    },
  };
}

/** A certificate that root copies to where the account of nginx's unit can read it. */
function certificateToCopy(
  { tls, supervisor, foreign }: SshNginxInputs,
  { wanted }: ProvisionSettings,
): TlsFiles | undefined {
  if (!tls || isPem(tls.key) || !wanted || supervisor !== "systemd" || foreign) return undefined;
  return { certificate: tls.certificate, key: tls.key };
}

/** The setting behind a path in the request: an entry's own, or a common one of all nginx. */
function settingOfServer(property: string, servers: readonly NginxServerEntry[]): string | undefined {
  const { index, member } = nginxOf(property) ?? {};
  if (index === undefined) return undefined;
  if (member === undefined) return `nginxServers[${index}]`;
  if (servers[index]?.[member] !== undefined) return `nginxServers[${index}].${member}`;
  return settingOf(`proxies[0].${member}`);
}

function readHostKeys(reader: Reader): { readonly hostKeys?: "accept-new" } {
  const text = reader.text("sshHostKeys");
  if (text === "known") return {};
  if (text === "accept-new") return { hostKeys: text };
  throw new InvalidInput("sshHostKeys", `expected known or accept-new, got ${JSON.stringify(text)}`);
}

function readBoolean(reader: Reader, key: string): boolean {
  const text = reader.text(key);
  if (text === "true" || text === "false") return text === "true";
  throw new InvalidInput(key, `expected true or false, got ${JSON.stringify(text)}`);
}

/** Debian's rule for names: https://www.debian.org/doc/debian-policy/ch-controlfields.html#source */
function readPackage(reader: Reader, key: string): string {
  const text = reader.text(key);
  if (/^([a-z0-9][a-z0-9+.-]+)?$/.test(text)) return text;
  throw new InvalidInput(key, `expected the name of a Debian package, got ${JSON.stringify(text)}`);
}

/** The same on every machine, and different for every stack. */
function shorten(prefix: string): string {
  if (prefix.length <= LONGEST_PREFIX) return prefix;
  const hash = createHash("sha256").update(prefix).digest("hex").slice(0, 6);
  return `${prefix.slice(0, LONGEST_PREFIX - 7).replace(/-+$/, "")}-${hash}`;
}
