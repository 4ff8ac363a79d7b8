import type { Settings } from "./readSettings.ts";
import type { StandIns } from "./standIns.ts";

const PLACE = /^(hosts|nginxServers)\[\d+\]\.(server|address|hostKey)$/;

/** What a preview can't know of a service, in one line. */
export function describeUnknown({ app }: Settings, standIns: StandIns): string {
  const hosts = app.hosts
    .filter((host) => host.kind !== "kubernetes" && standIns.areIn(host))
    .map(({ name }) => `${name} at an address`);
  const ofNginx = standIns.settings.some((setting) =>
    /^nginxServers\[\d+\]\.(server|address)$/.test(setting),
  );
  const nginx = ofNginx ? ["nginx at an address"] : [];
  const others = standIns.settings.filter((setting) => !PLACE.test(setting));
  const places = [...hosts, ...nginx].map((place) => `${place} known after its server exists`);
  const rest = others.map((setting) => `${setting} known after other resources exist`);
  return `${[...places, ...rest].join(", ")}. This preview asks nothing of them.`;
}
