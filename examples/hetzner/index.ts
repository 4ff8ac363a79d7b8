import * as hcloud from "@pulumi/hcloud";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { RollingService } from "rollgate";
import { cloudConfig } from "./cloudConfig.ts";

const config = new pulumi.Config();
const sshPublicKey = config.require("sshPublicKey");
const sshFrom = config.requireObject<string[]>("sshFrom");
const everybody = ["0.0.0.0/0", "::/0"];

const key = new hcloud.SshKey("deployer", { publicKey: sshPublicKey });
const network = new hcloud.Network("shop", { ipRange: "10.0.0.0/16" });
const subnet = new hcloud.NetworkSubnet("shop", {
  networkId: network.id.apply(Number),
  type: "cloud",
  networkZone: "eu-central",
  ipRange: "10.0.0.0/24",
});
// Never two servers on one machine of Hetzner's.
const apart = new hcloud.PlacementGroup("shop", { type: "spread" });

// These filter what comes from the internet. nginx reaches the applications through the network, which they leave alone.
const open = (port: string, sourceIps: string[]) => ({ direction: "in", protocol: "tcp", port, sourceIps });
const appFirewall = new hcloud.Firewall("app", { rules: [open("22", sshFrom)] });
const webFirewall = new hcloud.Firewall("web", { rules: [open("22", sshFrom), open("80", everybody)] });

function server(name: string, ip: string, firewall: hcloud.Firewall) {
  const hostKey = new tls.PrivateKey(`${name}-host-key`, { algorithm: "ED25519" });
  const { ipv4Address } = new hcloud.Server(
    name,
    {
      image: "debian-13",
      serverType: "cx23",
      location: "fsn1",
      sshKeys: [key.id],
      userData: hostKey.privateKeyOpenssh.apply((key) => cloudConfig(sshPublicKey, key)),
      firewallIds: [firewall.id.apply(Number)],
      placementGroupId: apart.id.apply(Number),
      networks: [{ subnetId: subnet.id, ip }],
    },
    // These only matter when a server is made, and a change would replace all servers at once.
    { ignoreChanges: ["image", "sshKeys", "userData"] },
  );
  const login = { server: pulumi.interpolate`deploy@${ipv4Address}`, hostKey: hostKey.publicKeyOpenssh };
  return { ipv4Address, login };
}

const addresses = ["10.0.0.11", "10.0.0.12"];
const hosts = addresses.map((address, index) => {
  const name = `app-${index + 1}`;
  return { name, address, ...server(name, address, appFirewall).login };
});
const web = server("web", "10.0.0.10", webFirewall);

const shop = new RollingService("shop", {
  kind: "ssh",
  jar: config.require("jar"),
  hosts,
  nginxServers: [web.login],
  nginxAddress: "0.0.0.0",
  nginxPort: 80,
  sshProvisionUser: "root",
});

export const address = web.ipv4Address;
export const releases = shop.releases;
