import { CLOSE_CONNECTIONS } from "#rollout/nginx/closeConnections.ts";
import { closedReturn } from "#rollout/nginx/configuration/closedPaths.ts";
import { fileIn } from "#rollout/nginx/configuration/fileIn.ts";
import { maintenanceLines, outageLines } from "#rollout/nginx/configuration/pages.ts";
import { passOn } from "#rollout/nginx/configuration/passOn.ts";
import { locationsUnder } from "#rollout/nginx/configuration/pathPrefix.ts";
import { hostLines } from "#rollout/nginx/configuration/proxyHeaders.ts";
import { COMMON, waysOf } from "#rollout/nginx/configuration/ways.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { ownNames } from "#rollout/nginx/ownNames.ts";

const [LAST_ANSWER, AGAIN] = ["_last_answer", "_again"];

/**
 * The locations of the application, for a server block. The address of a pod is no upstream, so nginx tries no other by
 * itself: a request without an answer gets to a second location, which sends it to another pod.
 */
export function podLocations(settings: NginxSettings): string {
  const { name, directory, pathPrefix } = settings;
  const own = ownNames(name);
  const [way, to, pod] = [own("way"), own("to"), own("pod")];
  const named = waysOf(settings).flatMap((each) =>
    [false, true].map((isLast) => {
      return { suffix: `${each.suffix}${isLast ? LAST_ANSWER : ""}`, way: each, isLast };
    }),
  );
  const locations = named.map(({ suffix, ...variant }) => {
    const first = suffix === "" ? "" : locationOf(settings, suffix, variant);
    return `${first}${againLocation(settings, suffix, variant)}`;
  });
  const application = `${closedReturn(settings, own)}${maintenanceLines(settings)}${hostLines(own)}    if ($${pod} = "") {
${outageLines(settings, "no host takes traffic")}    }
    set $${to} $${way};
    if (-f ${fileIn(directory, CLOSE_CONNECTIONS)}) { set $${to} "\${${way}}${LAST_ANSWER}"; }
    error_page 418 = @${name}$${to};
    if ($${to}) { return 418; }
${passedOn(settings, "", { way: COMMON, isLast: false })}`;
  const under = locationsUnder(pathPrefix).map((location) => `${location} {\n${application}}\n`);
  return [...under, ...locations].join("");
}

type PodVariant = Pick<Parameters<typeof passOn>[2], "way" | "isLast">;

function locationOf(settings: NginxSettings, suffix: string, variant: PodVariant): string {
  return `location @${settings.name}${suffix} {\n${passedOn(settings, suffix, variant)}}\n`;
}

/** Before the pages of the user, because the first one counts. */
function passedOn(settings: NginxSettings, suffix: string, variant: PodVariant): string {
  const { name, errorPages } = settings;
  return `${errorPages ? "" : "    recursive_error_pages on;\n"}    error_page 502 504 = @${name}${suffix}${AGAIN};
${sentTo(settings, "pod", variant)}`;
}

/** What must not be sent again keeps the status that it had. */
function againLocation(settings: NginxSettings, suffix: string, variant: PodVariant): string {
  const own = ownNames(settings.name);
  const [pod, failed] = [own("pod_again"), own("failed")];
  return `location @${settings.name}${suffix}${AGAIN} {
    set $${failed} "$${pod}:$upstream_status";
    if ($${failed} ~ "^:.*504$") { return 504; }
    if ($${pod} = "") { return 502; }
${sentTo(settings, "pod_again", variant)}}
`;
}

function sentTo(settings: NginxSettings, pod: string, variant: PodVariant): string {
  const how = { ...variant, tries: 1, isReadFirst: true };
  return passOn(settings, ownNames(settings.name)(pod), how);
}
