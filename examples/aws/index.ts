import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { RollingService } from "rollgate";
import { cloudConfig } from "./cloudConfig.ts";

const config = new pulumi.Config();
const sshPublicKey = config.require("sshPublicKey");
const sshFrom = config.requireObject<string[]>("sshFrom");
const everybody = ["0.0.0.0/0"];

const { id: vpcId } = aws.ec2.getVpcOutput({ default: true });
const { ids: subnetIds } = aws.ec2.getSubnetsOutput({
  filters: [
    { name: "vpc-id", values: [vpcId] },
    { name: "default-for-az", values: ["true"] },
  ],
});
const debian = aws.ec2.getAmiOutput({
  owners: ["136693071363"],
  mostRecent: true,
  filters: [{ name: "name", values: ["debian-13-amd64-*"] }],
});
const key = new aws.ec2.KeyPair("deployer", { publicKey: sshPublicKey });

const tcp = (port: number, from: { cidrBlocks: string[] } | { securityGroups: pulumi.Input<string>[] }) => ({
  protocol: "tcp",
  fromPort: port,
  toPort: port,
  ...from,
});
const anywhere = { protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: everybody };
const webGroup = new aws.ec2.SecurityGroup("web", {
  vpcId,
  ingress: [tcp(22, { cidrBlocks: sshFrom }), tcp(80, { cidrBlocks: everybody })],
  egress: [anywhere],
});
// The second port is where a new JVM starts beside the old one.
const appGroup = new aws.ec2.SecurityGroup("app", {
  vpcId,
  ingress: [
    tcp(22, { cidrBlocks: sshFrom }),
    ...[8080, 18_080].map((port) => tcp(port, { securityGroups: [webGroup.id] })),
  ],
  egress: [anywhere],
});

function server(name: string, subnet: number, group: aws.ec2.SecurityGroup) {
  const hostKey = new tls.PrivateKey(`${name}-host-key`, { algorithm: "ED25519" });
  const instance = new aws.ec2.Instance(
    name,
    {
      ami: debian.id,
      instanceType: "t3.small",
      keyName: key.keyName,
      userData: hostKey.privateKeyOpenssh.apply((key) => cloudConfig(sshPublicKey, key)),
      subnetId: subnetIds.apply((ids) => ids[subnet % ids.length] ?? ""),
      associatePublicIpAddress: true,
      vpcSecurityGroupIds: [group.id],
      metadataOptions: { httpTokens: "required" },
      tags: { Name: `shop-${name}` },
    },
    // These only matter when a server is made, and a change would replace or stop all servers at once.
    { ignoreChanges: ["ami", "keyName", "subnetId", "userData"] },
  );
  return { instance, hostKey: hostKey.publicKeyOpenssh };
}

// Each in a zone of its own, as far as the region has them.
const hosts = [0, 1].map((index) => {
  const name = `app-${index + 1}`;
  const { instance, hostKey } = server(name, index, appGroup);
  const { publicIp, privateIp } = instance;
  return { name, server: pulumi.interpolate`deploy@${publicIp}`, hostKey, address: privateIp };
});
const web = server("web", 0, webGroup);
const { publicIp: address } = new aws.ec2.Eip("web", { instance: web.instance.id, domain: "vpc" });

const shop = new RollingService("shop", {
  kind: "ssh",
  jar: config.require("jar"),
  hosts,
  nginxServers: [{ server: pulumi.interpolate`deploy@${address}`, hostKey: web.hostKey }],
  nginxAddress: "0.0.0.0",
  nginxPort: 80,
  sshProvisionUser: "admin",
});

export { address };
export const releases = shop.releases;
