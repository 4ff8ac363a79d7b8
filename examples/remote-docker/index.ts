// Your own `ssh` has to log in to the engine's machine without asking you anything, as for the docker CLI.
import * as pulumi from "@pulumi/pulumi";
import { RollingService } from "rollgate";

const config = new pulumi.Config();

const shop = new RollingService("shop", {
  kind: "docker",
  dockerEngine: config.require("engine"),
  jar: config.require("jar"),
  // In a network of the stack's own, with fixed addresses.
  hosts: [{ name: "app-1" }, { name: "app-2" }],
  containerImage: "eclipse-temurin:21-jre",
  containerMemoryMegabytes: 768,
  jvmOptions: ["-XX:MaxRAMPercentage=70"],
  environment: { DB_PASSWORD: config.requireSecret("databasePassword") },
  nginxAddress: "0.0.0.0",
  nginxPort: 80,
});

export const releases = shop.releases;
