import * as docker from "@pulumi/docker";
import { AppHosts, CheckingNginx, preflight, RollingDeployment, readSettings } from "rollgate";

const settings = await readSettings();
const { jar, canary, engine } = await preflight(settings);

const providers = engine ? { docker: new docker.Provider("engine", engine) } : {};

const app = new AppHosts("app", settings.app, { providers });
const nginx = new CheckingNginx("nginx", settings.nginx, { providers, dependsOn: app });
const deployment = new RollingDeployment(
  "rollout",
  {
    ...settings.rollout,
    jar,
    canary: canary && { ...canary, image: app.canaryImage },
    image: app.image,
    hosts: app.hosts,
    proxies: nginx.proxies,
  },
  { dependsOn: [app, nginx] },
);

export const url = deployment.url;
export const releases = deployment.releases;
export const durationSeconds = deployment.durationSeconds;
export const ledger = deployment.ledger;
export const report = deployment.report;
