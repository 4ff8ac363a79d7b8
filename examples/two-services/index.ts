import * as pulumi from "@pulumi/pulumi";
import { RollingService } from "rollgate";

const config = new pulumi.Config();

const shop = new RollingService("shop", {
  kind: "local",
  jar: config.require("shopJar"),
  hosts: [
    { name: "app-1", port: 8081 },
    { name: "app-2", port: 8082 },
  ],
  nginxPort: 8080,
  springProfiles: ["prod"],
  environment: { DB_PASSWORD: config.requireSecret("databasePassword") },
});

// Only one host: the new JVM starts beside the old one, so that it needs no other.
const billing = new RollingService("billing", {
  kind: "local",
  jar: config.require("billingJar"),
  hosts: [{ name: "billing-1", port: 8091 }],
  nginxPort: 8090,
  analysis: { errorRateIncrease: 0.005 },
});

export const shopUrl = shop.url;
export const billingUrl = billing.url;
export const releases = pulumi.all({ shop: shop.releases, billing: billing.releases });
