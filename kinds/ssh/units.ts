import type { HostFolder } from "#rollout/host/hostPlace.ts";
import { SECOND } from "#rollout/host/slots.ts";
import { slotFiles } from "#rollout/host/startFiles.ts";
import { nginxScript } from "#rollout/nginx/nginxScripts.ts";
import { TEST_LOG, testUnit } from "#rollout/nginx/systemdNginx.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";
import { systemdQuote } from "./systemdQuote.ts";

const ROTATE = `${nginxScript("rotate-log", "clear-ledger")}\nrotate_log "$1"\nclear_ledger "$1"`;

/** The first line of a unit, which tells our units from those of other stacks. */
export function unitMark(directory: string): string {
  return `# Written by rollgate for ${directory}.`;
}

/** The slots of every host on a server. */
export const SLOTS = [{}, { slot: "b" }] as const;

/** The name of the unit of one slot. */
export function unitOf(
  { unit }: Pick<SshHostDescriptor, "unit">,
  { slot }: Pick<HostFolder, "slot">,
): string {
  return slot === undefined ? unit : `${unit}${SECOND}`;
}

/** A service can write only to these folders, and can't gain privileges. */
const sandbox = (writable: readonly string[], capabilities: string, umask = "0027") => `NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=${writable.join(" ")}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
CapabilityBoundingSet=${capabilities}
AmbientCapabilities=${capabilities}
UMask=${umask}
LimitNOFILE=65536
`;

/** The units that run a host's application as `account`, by name: one for each slot, whether or not it is in use. */
export function hostUnits(
  host: SshHostDescriptor,
  account: string,
  graceSeconds: number,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    SLOTS.map((slot) => [unitOf(host, slot), hostUnit(host, slot, account, graceSeconds)]),
  );
}

/** The unit of one slot; it does nothing until a roll has written the slot's start file. */
function hostUnit(
  host: SshHostDescriptor,
  slot: Pick<HostFolder, "slot">,
  account: string,
  graceSeconds: number,
): string {
  const { name, directory } = host;
  const start = `${directory}/${slotFiles(slot).start}`;
  return `${unitMark(directory)}
[Unit]
Description=${unitOf(host, slot)}: the application of ${name}
Wants=network-online.target
After=network-online.target
ConditionPathExists=${start}
StartLimitIntervalSec=0

[Service]
Type=exec
User=${account}
Group=${account}
WorkingDirectory=${directory}/work
ExecStart=/bin/sh ${start}
# A release that floods its log says last why it ends; the journal would drop that. Its size is bounded by itself.
LogRateLimitIntervalSec=0
# A JVM's exit code after SIGTERM.
SuccessExitStatus=143
KillMode=mixed
# To systemd, 0 means forever.
TimeoutStopSec=${Math.max(1, graceSeconds)}
Restart=on-failure
RestartSec=3
${sandbox([`${directory}/work`], "")}
[Install]
WantedBy=multi-user.target
`;
}

/** nginx's unit, which can bind ports such as 80 without root; `@nginx@` stands for its executable. */
export function nginxUnit(
  { unit, directory }: SshProxyDescriptor,
  account: string,
  graceSeconds: number,
): string {
  return `${unitMark(directory)}
[Unit]
Description=${unit}: nginx
Wants=network-online.target
After=network-online.target
ConditionPathExists=${directory}/nginx.conf
StartLimitIntervalSec=0

[Service]
Type=exec
User=${account}
Group=${account}
# Where requests look for the sum of the flags.
WorkingDirectory=-${directory}
ExecStart=@nginx@ -p ${directory} -c ${directory}/nginx.conf -g "daemon off;"
ExecReload=/bin/kill -HUP $MAINPID
# SIGTERM would cut the requests in flight.
KillSignal=SIGQUIT
KillMode=mixed
TimeoutStopSec=${graceSeconds}
Restart=on-failure
RestartSec=1
${sandbox([`${directory}/logs`, `${directory}/temp`], "CAP_NET_BIND_SERVICE")}
[Install]
WantedBy=multi-user.target
`;
}

/** The names of the units that keep nginx's logs short; the second one starts the first one. */
export function logUnits({ unit }: Pick<SshProxyDescriptor, "unit">) {
  return { rotate: `${unit}-logs`, timer: `${unit}-logs.timer` };
}

/** Their texts by name: a long access log is replaced, and what a roll has counted is removed. */
export function logUnitTexts(proxy: SshProxyDescriptor, account: string): Readonly<Record<string, string>> {
  const { unit, directory } = proxy;
  const { rotate, timer } = logUnits(proxy);
  const description = `${unitMark(directory)}
[Unit]
Description=${rotate}: the logs of ${unit}`;
  return {
    [rotate]: `${description}
ConditionPathExists=${directory}/nginx.conf

[Service]
Type=oneshot
User=${account}
Group=${account}
ExecStart=/bin/sh -c ${systemdQuote(ROTATE)} sh ${directory}
${sandbox([`${directory}/logs`, `${directory}/temp`], "")}`,
    [timer]: `${description}

[Timer]
OnBootSec=1min
OnUnitInactiveSec=1min
Unit=${rotate}.service

[Install]
WantedBy=timers.target
`,
  };
}

/** The unit that tests a configuration under the account that will serve it. */
export function nginxTestUnit({ unit, directory }: SshProxyDescriptor, account: string): string {
  return `${unitMark(directory)}
[Unit]
Description=${testUnit(unit)}: tests a configuration of nginx
StartLimitIntervalSec=0

[Service]
Type=oneshot
User=${account}
Group=${account}
ExecStart=/bin/sh -c "[ -e ${directory}/conf.d/.test ] || new=.new; exec @nginx@ -t -q -p ${directory} -c ${directory}/nginx.conf$$new >${directory}/${TEST_LOG} 2>&1"
${sandbox([`${directory}/logs`, `${directory}/temp`], "CAP_NET_BIND_SERVICE", "0022")}`;
}
