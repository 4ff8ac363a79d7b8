import { AppHosts } from "./components/appHosts.ts";
import { CheckingNginx } from "./components/checkingNginx.ts";
import { RollingDeployment } from "./components/rollingDeployment.ts";
import { readSettings } from "./settings.ts";

const settings = await readSettings();

const app = new AppHosts("app", settings.app);
const nginx = new CheckingNginx("nginx", settings.nginx, { dependsOn: app });
const deployment = new RollingDeployment(
  "rollout",
  { ...settings.rollout, hosts: app.hosts, proxy: nginx.proxy },
  { dependsOn: [app, nginx] },
);

export const url = deployment.url;
export const releases = deployment.releases;
export const durationSeconds = deployment.durationSeconds;
