// Before the first `pulumi up`, replace `location / { … }` in a server block of your nginx by this line:
//
//   include /srv/rollgate/prod-shop/nginx/live/server*.conf;
//
// where `prod` is the stack. docs/existing-nginx.md says more, also about the rights that this takes.
import * as pulumi from "@pulumi/pulumi";
import { RollingService } from "rollgate";

const config = new pulumi.Config();
const server = config.require("server");

const shop = new RollingService("shop", {
  kind: "ssh",
  jar: config.require("jar"),
  hosts: [
    { name: "app-1", server, address: "127.0.0.1", port: 8081 },
    { name: "app-2", server, address: "127.0.0.1", port: 8082 },
  ],
  nginxMode: "include",
  nginxServers: [{ server }],
  // Where your site listens; only for messages and the url.
  nginxAddress: "0.0.0.0",
  nginxPort: 443,
  sshProvisionUser: "root",
});

export const releases = shop.releases;
