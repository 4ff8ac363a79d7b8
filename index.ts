import { AppHosts } from "./components/appHosts.ts";
import { CheckingNginx } from "./components/checkingNginx.ts";
import { RollingDeployment } from "./components/rollingDeployment.ts";
import { readSettings } from "./settings.ts";

const { rollout, nginx } = await readSettings();

const app = new AppHosts("app", {
  kind: "local",
  hosts: rollout.hosts,
  java: rollout.launch.java,
  graceSeconds: rollout.timing.graceSeconds,
});
const proxy = new CheckingNginx("nginx", { ...nginx, proxy: rollout.proxy }, { dependsOn: app });
const deployment = new RollingDeployment(
  "rollout",
  { ...rollout, hosts: app.hosts, proxy: proxy.proxy },
  { dependsOn: [app, proxy] },
);

export const url = deployment.url;
export const releases = deployment.releases;
export const durationSeconds = deployment.durationSeconds;
