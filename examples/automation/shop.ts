import * as pulumi from "@pulumi/pulumi";
import { RollingService } from "rollgate";

/** What the stack consists of; the results become its outputs. */
export function shop(jar: string) {
  const config = new pulumi.Config();
  const service = new RollingService("shop", {
    kind: "local",
    jar,
    hosts: config.requireObject("hosts"),
    nginxPort: config.requireNumber("nginxPort"),
    java: config.require("java"),
    soakSeconds: config.requireNumber("soakSeconds"),
  });
  const { url, releases, durationSeconds, ledger, report } = service;
  return { url, releases, durationSeconds, ledger, report };
}
