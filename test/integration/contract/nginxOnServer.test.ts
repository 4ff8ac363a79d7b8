import { beforeAll, describe, onTestFinished } from "vitest";
import type { OpenNginx } from "#kinds/nginxKind.ts";
import { sshNginx } from "#kinds/ssh/sshNginx.ts";
import { controlPortFor, freePort } from "../../../harness/freePort.ts";
import { noSshd, type SshServer, SshServers } from "../../../harness/ssh/sshServers.ts";
import { describeNginx, describeOwnNginx } from "../../contract/nginx.ts";

const reason = await noSshd();

describe.skipIf(reason)(`on a server without systemd${reason ? ` (${reason})` : ""}`, () => {
  let servers: SshServers;
  let server: SshServer;
  let count = 0;

  beforeAll(async () => {
    servers = await SshServers.create();
    server = await servers.add("server-web");
    return () => servers.remove();
  });

  async function open(): Promise<OpenNginx> {
    const { name, address } = server;
    const port = await freePort(address);
    const nginx = await sshNginx.open({
      kind: "ssh",
      server: name,
      sshConfig: servers.config,
      directory: `${server.directory}/stack-${++count}/nginx`,
      supervisor: "process",
      unit: "rollgate-stack-nginx",
      address,
      port,
      controlPort: controlPortFor(port),
      executable: "nginx",
    });
    onTestFinished(async () => {
      await nginx.server.quit(0);
      await nginx.close();
    });
    return nginx;
  }

  describeNginx(open);
  describeOwnNginx(open);
});
