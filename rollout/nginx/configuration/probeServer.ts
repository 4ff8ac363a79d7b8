import { endpoint } from "../../machine/connections.ts";
import type { FlavourLines } from "../flavours/flavourLines.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import type { DrainUpstreams } from "../upstreamMap.ts";
import { applicationLocation } from "./applicationLocation.ts";
import { hasLedger } from "./ledgerLog.ts";
import { pageLocations } from "./pages.ts";

/** Where nginx takes the rollout's own requests to the application, on the port of the control server. */
export const PROBE_ADDRESS = "127.0.0.2";

/**
 * The server for requests that a roll sends itself. They take the same ways as those of clients, who can't reach it: that
 * tells them apart, and costs clients nothing.
 */
export function probeServer(settings: NginxSettings, parts: DrainUpstreams, lines: FlavourLines): string {
  if (!settings.probes || !hasLedger(settings)) return "";
  const probed = { ...settings, isProbe: true } as const;
  const locations = `${applicationLocation(probed, parts, lines)}${pageLocations(probed)}`;
  return `# For the rollout's own requests to the application.
server {
    listen ${endpoint(PROBE_ADDRESS, settings.controlPort)};
    access_log off;
${locations.replaceAll(/^(?=.)/gm, "    ")}}
`;
}
