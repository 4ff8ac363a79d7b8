import * as pulumi from "@pulumi/pulumi";
import { RollingService } from "rollgate";

const config = new pulumi.Config();

const app = new RollingService("app", {
  kind: "local",
  jar: config.require("jar"),
  hosts: [
    { name: "app-1", port: 8081 },
    { name: "app-2", port: 8082 },
  ],
  nginxPort: config.requireNumber("port"),
});

export const url = app.url;
export const releases = app.releases;
