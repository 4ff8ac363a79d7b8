import { expect, test } from "vitest";
import { hostsOnServers, nginxOnServer } from "#kinds/ssh/onServers.ts";
import type { SshHostDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import { AppHosts } from "../../../components/appHosts.ts";
import { CheckingNginx } from "../../../components/checkingNginx.ts";
import { serving } from "../../../harness/serving.ts";
import { known, mockPulumi } from "../../support/pulumi.ts";

const server = { server: "deploy@s", sshConfig: "", supervisor: "systemd" as const };
const hosts: SshHostDescriptor[] = [1, 2].map((number) => ({
  kind: "ssh",
  name: `app-${number}`,
  address: `10.0.0.${number}`,
  port: 8080,
  ...server,
  directory: `/srv/rollgate/prod/hosts/app-${number}`,
  unit: `rollgate-prod-app-${number}`,
}));
const provisioning = {
  user: "root",
  account: "rollgate-prod",
  graceSeconds: 35,
  command: "java",
  package: "jre",
};
const nginx = {
  kind: "ssh" as const,
  ...server,
  address: "10.0.0.9",
  port: 80,
  controlPort: 20_080,
  directory: "/srv/rollgate/prod/nginx",
  unit: "rollgate-prod-nginx",
  executable: "nginx",
  ...serving,
  hosts: hosts.map(({ name, address, port }) => ({ name, address, port })),
};

test("every host has one resource that sets up its server and another that keeps it", async () => {
  const { tree, resources } = await mockPulumi();
  const app = new AppHosts(
    "app",
    hostsOnServers({ hosts: hosts.map((host) => ({ ...host, provisioning })), graceSeconds: 35 }),
  );
  expect(await tree()).toEqual([
    "rollgate:index:AppHosts::app",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:SshServer::app-app-1-server",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:SshServer::app-app-2-server",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-1",
    "rollgate:index:AppHosts$pulumi-nodejs:dynamic/rollgate:AppHost::app-app-2",
  ]);
  const server = resources.find(({ name }) => name === "app-app-1-server");
  expect(server?.inputs).toEqual({ place: hosts[0], ...provisioning, __provider: expect.any(String) });
  const host = resources.find(({ name }) => name === "app-app-1");
  expect(host?.inputs).toEqual({ ...hosts[0], graceSeconds: 35, __provider: expect.any(String) });
  expect(await known(app.hosts)).toEqual(hosts);
});

test("servers that are set up by other means are left alone", async () => {
  const { tree } = await mockPulumi();
  new AppHosts("app", hostsOnServers({ hosts, graceSeconds: 35 }));
  new CheckingNginx("nginx", nginxOnServer(nginx));
  expect((await tree()).filter((name) => name.includes("SshServer"))).toEqual([]);
});

test("nginx's server is set up, nginx is configured, and a caller gets its place", async () => {
  const { tree, resources } = await mockPulumi();
  const component = new CheckingNginx("nginx", nginxOnServer({ ...nginx, provisioning }));
  expect(await tree()).toEqual([
    "rollgate:index:CheckingNginx::nginx",
    "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:SshServer::nginx-machine",
    "rollgate:index:CheckingNginx$pulumi-nodejs:dynamic/rollgate:Nginx::nginx-server",
  ]);
  const { inputs } = resources.find(({ name }) => name === "nginx-server") ?? {};
  expect(inputs).toEqual({ ...nginx, __provider: expect.any(String) });
  const { kind, address, port, controlPort, directory, unit } = nginx;
  expect(await known(component.proxies)).toEqual([
    { kind, ...server, directory, unit, address, port, controlPort },
  ]);
});
