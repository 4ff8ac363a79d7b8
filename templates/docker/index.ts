import * as pulumi from "@pulumi/pulumi";
import { RollingService } from "rollgate";

const config = new pulumi.Config();

const app = new RollingService("app", {
  kind: "docker",
  dockerEngine: config.get("engine") ?? "",
  jar: config.require("jar"),
  hosts: [{ name: "app-1" }, { name: "app-2" }],
  nginxAddress: "0.0.0.0",
  nginxPort: config.requireNumber("port"),
});

export const url = app.url;
export const releases = app.releases;
