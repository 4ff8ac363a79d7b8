import type { Settings } from "./readSettings.ts";
import type { StandIns } from "./standIns.ts";

const PLACE = /^(hosts|nginxServers)\[(\d+)\]\.(server|address|hostKey)$/;

/** What a preview can't know of a service, in one line. */
export function describeUnknown({ app }: Settings, standIns: StandIns): string {
  const addressed = standIns.settings
    .map((setting) => PLACE.exec(setting))
    .filter((place) => place !== null && place[3] !== "hostKey");
  const isAddressed = (index: number) => addressed.some((place) => place?.[0].startsWith(`hosts[${index}]`));
  const hosts = app.hosts.filter((_, index) => isAddressed(index)).map(({ name }) => name);
  const nginx = addressed.some((place) => place?.[1] === "nginxServers") ? ["nginx"] : [];
  const servers = [...hosts, ...nginx].map((name) => `${name} at an address known after its server exists`);
  const others = standIns.settings.filter((setting) => !PLACE.test(setting));
  const rest = others.map((setting) => `${setting} known after other resources exist`);
  return `${[...servers, ...rest].join(", ")}. This preview asks nothing of them.`;
}
