import { TEST_LOG, testUnit } from "#rollout/nginx/systemdNginx.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "./sshDescriptors.ts";

/** The first line of a unit, so that one of another stack is never taken for our own. */
export function unitMark(directory: string): string {
  return `# Written by rollgate for ${directory}.`;
}

/** A service may write nowhere but here, and can gain nothing. */
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

/** The unit that runs the application of a host, as `account`, once there is a release to start. */
export function hostUnit(
  { name, unit, directory }: SshHostDescriptor,
  account: string,
  graceSeconds: number,
): string {
  return `${unitMark(directory)}
[Unit]
Description=${unit}: the application of ${name}
Wants=network-online.target
After=network-online.target
ConditionPathExists=${directory}/start
StartLimitIntervalSec=0

[Service]
Type=exec
User=${account}
Group=${account}
WorkingDirectory=${directory}/work
ExecStart=/bin/sh ${directory}/start
# How a JVM ends that was asked to.
SuccessExitStatus=143
KillMode=mixed
# To systemd, 0 would be for ever.
TimeoutStopSec=${Math.max(1, graceSeconds)}
Restart=on-failure
RestartSec=3
${sandbox([`${directory}/work`], "")}
[Install]
WantedBy=multi-user.target
`;
}

/** The unit of nginx; `@nginx@` stands for its executable. It may bind a port such as 80 without being root. */
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

/** The unit that tests a configuration as the account that will serve it. */
export function nginxTestUnit({ unit, directory }: SshProxyDescriptor, account: string): string {
  return `${unitMark(directory)}
[Unit]
Description=${testUnit(unit)}: tests a configuration of nginx
StartLimitIntervalSec=0

[Service]
Type=oneshot
User=${account}
Group=${account}
ExecStart=/bin/sh -c "exec @nginx@ -t -q -p ${directory} -c ${directory}/nginx.conf.new >${directory}/${TEST_LOG} 2>&1"
${sandbox([`${directory}/logs`, `${directory}/temp`], "CAP_NET_BIND_SERVICE", "0022")}`;
}
