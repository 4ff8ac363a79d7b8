import { dirname } from "node:path";
import { slotFiles } from "#rollout/host/startFiles.ts";
import { unitRights } from "#rollout/host/systemdSupervisor.ts";
import { quote } from "#rollout/machine/quote.ts";
import { readScripts } from "#rollout/machine/scripts.ts";
import { journalCommand, systemctlCommand } from "#rollout/machine/systemd.ts";
import { type Attachment, attachments } from "#rollout/nginx/foreignPlace.ts";
import { nginxScript } from "#rollout/nginx/nginxScripts.ts";
import { testUnit } from "#rollout/nginx/systemdNginx.ts";
import type { TlsFiles } from "#rollout/nginx/tls/tryCertificate.ts";
import type { ForeignNginx } from "#rollout/request/frontDoor/foreignNginx.ts";
import { attachedTo } from "../foreignPlaceOf.ts";
import { certificateUnits, certificateUnitTexts, copiesFolder } from "./certificateUnits.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";
import { hostUnits, logUnits, logUnitTexts, nginxTestUnit, nginxUnit, SLOTS, unitMark } from "./units.ts";

/** What provisioning needs besides a descriptor. */
export interface ProvisionOptions {
  /** The account that deploys. */
  readonly deployer: string;
  /** The account that the service runs as; created if missing. */
  readonly account: string;
  readonly graceSeconds: number;
  /** The required command, and the Debian package to install if it is missing; empty for none. */
  readonly command: string;
  readonly package: string;
  /** A certificate and its key on nginx's server, which are kept where its account can read them. */
  readonly certificate?: TlsFiles;
}

/** What a provisioning script does; `check` lists everything the server lacks and changes nothing. */
export type ProvisionAction = "check" | "install" | "remove";

/** The command that runs a provisioning script from standard input as root, or without systemd as any account. */
export function provisionCommand(
  action: ProvisionAction,
  supervisor: SshHostDescriptor["supervisor"],
): string {
  const otherwise =
    supervisor === "process"
      ? `exec sh -s -- ${action}`
      : `echo "expected root, or an account with unrestricted sudo and no password, got $(id -un): set sshProvisionUser" >&2; exit 1`;
  return `if [ "$(id -u)" = 0 ]; then exec sh -s -- ${action}; fi
if sudo -n sh -c : 2>/dev/null; then exec sudo -n sh -s -- ${action}; fi
${otherwise}`;
}

const SCRIPTS = [
  nginxScript("copy-certificate"),
  readScripts(
    new URL("./scripts/", import.meta.url),
    "look-for-tools",
    "install-packages",
    "make-folders",
    "write-units",
    "write-including",
    "remove-place",
    "provision",
  ),
].join("\n");
const NGINX_STOP_SECONDS = 30;
/** The default folder for all stacks on a server. */
const SHARED = "/srv/rollgate";

/** Sets up a server for one app host, or removes that again; running it twice changes nothing. */
export function provisionHost(host: SshHostDescriptor, options: ProvisionOptions): string {
  const units = hostUnits(host, options.account, options.graceSeconds);
  const names = Object.keys(units);
  return script(host, options, {
    units,
    enabled: names,
    inUse: SLOTS.map((slot) => slotFiles(slot).start),
    rights: names.flatMap(unitRights),
    parents: [dirname(host.directory), dirname(dirname(host.directory)), SHARED],
    deployers: ["releases"],
    services: ["work"],
    shared: ["secrets"],
    settings: "settings java and javaPackage",
    unwanted: "",
  });
}

/** Sets up a server for nginx, or removes that again; running it twice changes nothing. */
export function provisionNginx(proxy: SshProxyDescriptor, options: ProvisionOptions): string {
  const { unit, directory, foreign } = proxy;
  const { account, certificate } = options;
  if (foreign) return provisionForeignNginx(proxy, foreign, options);
  const test = testUnit(unit);
  const { copy, watch } = certificateUnits(proxy);
  return script(proxy, options, {
    units: {
      [unit]: nginxUnit(proxy, account, NGINX_STOP_SECONDS),
      [test]: nginxTestUnit(proxy, account),
      ...logUnitTexts(proxy, account),
      ...(certificate && certificateUnitTexts(proxy, certificate, account, unitMark(directory))),
    },
    enabled: [unit, logUnits(proxy).timer, ...(certificate ? watch : [])],
    certificate: { copies: copiesFolder(proxy), copier: copy, watchers: watch, ...certificate },
    inUse: ["nginx.conf"],
    rights: [
      systemctlCommand("start", unit),
      systemctlCommand("reload", unit),
      systemctlCommand("stop", unit),
      systemctlCommand("start", test),
      journalCommand(unit),
    ],
    parents: [dirname(proxy.directory), SHARED],
    deployers: ["drained", "lease"],
    services: ["logs", "temp"],
    shared: ["tls"],
    settings: "settings nginx and nginxPackage",
    // Debian starts nginx with a default site when it installs it.
    unwanted: "nginx.service",
  });
}

/** Sets up a server for our part of an nginx that is not this stack's; one of another stack is set up for that already. */
function provisionForeignNginx(
  proxy: SshProxyDescriptor,
  foreign: ForeignNginx,
  options: ProvisionOptions,
): string {
  const [including] = attachments(attachedTo(proxy.directory, foreign));
  const isOfStack = "stack" in foreign;
  // Its owner has installed it, and nothing runs under an account of ours.
  const its = { ...options, account: "", package: "" };
  return script(proxy, its, {
    units: {},
    enabled: [],
    inUse: ["live"],
    rights: isOfStack ? [] : ["@nginx@ -t -q", "/usr/bin/systemctl reload nginx.service"],
    parents: [dirname(proxy.directory), SHARED],
    deployers: ["drained", "lease"],
    services: [],
    shared: [],
    settings: "setting nginx",
    unwanted: "",
    ...(including && !isOfStack && { including }),
  });
}

/** What differs between a host and nginx. */
interface Parts {
  /** The texts of the units by their names; some are enabled. */
  readonly units: Readonly<Record<string, string>>;
  readonly enabled: readonly string[];
  /** The commands that a roll runs as root. */
  readonly rights: readonly string[];
  /** Files of which one exists from the first roll until the host, or nginx, is removed. */
  readonly inUse: readonly string[];
  /** The parent folders that belong to the stack, innermost first. */
  readonly parents: readonly string[];
  /** Subfolders that belong to the deployer, and those that belong to the service. */
  readonly deployers: readonly string[];
  readonly services: readonly string[];
  /** Subfolders that the deployer can write, the service can read, and nobody else can access. */
  readonly shared: readonly string[];
  /** The settings that determine the required command. */
  readonly settings: string;
  /** A service that Debian starts with the package, if any. */
  readonly unwanted: string;
  /** What keeps copies of nginx's certificate, and of which one; there may be none now, but one before. */
  readonly certificate?: Partial<TlsFiles> & {
    readonly copies: string;
    readonly copier: string;
    readonly watchers: readonly string[];
  };
  /** The file by which an nginx that is not ours includes our files. */
  readonly including?: Attachment;
}

/** The scripts, after the values that they read. */
function script(
  { directory, supervisor, unit: rules }: SshHostDescriptor | SshProxyDescriptor,
  { deployer, account, command, package: debianPackage }: ProvisionOptions,
  parts: Parts,
): string {
  const withSystemd = supervisor === "systemd";
  const values = {
    DIRECTORY: directory,
    DEPLOYER: deployer,
    ACCOUNT: withSystemd ? account : "",
    SERVICE: (withSystemd && account) || deployer,
    COMMAND: command,
    PACKAGE: debianPackage,
    SETTINGS: parts.settings,
    UNWANTED: parts.unwanted,
    DEPLOYERS: parts.deployers.join(" "),
    SERVICES: parts.services.join(" "),
    SHARED: parts.shared.join(" "),
    PARENTS: parts.parents.join("\n"),
    IN_USE: parts.inUse.join(" "),
    MARK: unitMark(directory),
    UNITS: Object.keys(parts.units).join(" "),
    ENABLED: parts.enabled.join(" "),
    RULES: `/etc/sudoers.d/${rules}`,
    CERTIFICATE: parts.certificate?.certificate ?? "",
    CERTIFICATE_KEY: parts.certificate?.key ?? "",
    COPIES: parts.certificate?.copies ?? "",
    COPIER: parts.certificate?.copier ?? "",
    WATCHERS: parts.certificate?.watchers.join(" ") ?? "",
    RIGHTS: withSystemd ? parts.rights.join("\n") : "",
    INCLUDING: parts.including?.file ?? "",
    INCLUDING_TEXT: parts.including?.text.trimEnd() ?? "",
  };
  const texts = Object.entries(parts.units).map(
    ([unit, text]) => `${quote(unit)}) printf %s ${quote(text)} ;;`,
  );
  return [
    "# Written by rollgate: sets up a server, or removes that again.",
    ...Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`),
    `print_unit() { case "$1" in`,
    ...texts,
    "esac; }",
    SCRIPTS,
  ].join("\n");
}
