import { AppHosts, CheckingNginx, preflight, RollingDeployment, readSettings } from "rollgate";

const settings = await readSettings();
const { jar, canary, engine } = await preflight(settings);

// Only containers need Pulumi's package for Docker, which takes a while to load.
const providers = engine ? { docker: new (await import("@pulumi/docker")).Provider("engine", engine) } : {};

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
