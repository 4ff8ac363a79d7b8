// `ssh` has to log in to every server without asking you anything, and to know its host key.
import * as pulumi from "@pulumi/pulumi";
import { RollingService } from "rollgate";

const config = new pulumi.Config();
const login = (address: string) => `${config.require("account")}@${address}`;

const app = new RollingService("app", {
  kind: "ssh",
  jar: config.require("jar"),
  hosts: ["app1", "app2"].map((key, index) => {
    const address = config.require(key);
    return { name: `app-${index + 1}`, server: login(address), address };
  }),
  nginxServers: [{ server: login(config.require("web")) }],
  nginxAddress: "0.0.0.0",
  nginxPort: 80,
  sshProvisionUser: config.require("setUpAs"),
});

export const url = app.url;
export const releases = app.releases;
