import { nginxOf } from "./nginxServers.ts";

/** The key in the stack file for a path in the request, such as `nginxPort` for `proxies[0].port`. */
export function settingOf(property: string): string {
  const [group = "", member, ...rest] = property.split(".");
  if (property === "jar.version") return "version";
  if (property === "flavour") return "nginxFlavour";
  if (property === "proxies") return "nginxServers";
  if (property === "executable") return "nginx";
  if (group.startsWith("analysisChecks")) return property.replace("analysisChecks", "analysis.checks");
  const nginx = nginxOf(property);
  if (nginx?.member === "directory") return "directory";
  if (nginx?.member === "tlsPort") return "tls.port";
  if (nginx?.member === "serverName") return "serverNames";
  const ofSecond = /^(hosts\[\d+\])\.second\.(\w+)$/.exec(property);
  if (ofSecond) return `${ofSecond[1]}.${joined("second", ofSecond[2] ?? "")}`;
  if (/(^|\.)engine$/.test(property)) return "dockerEngine";
  if (/(^|\.)supervisor$/.test(property)) return "sshSupervisor";
  if (/(^|\.)sshConfig$/.test(property)) return "sshConfig";
  if (nginx) return settingOfNginx(nginx.index, nginx.member);
  if (member === undefined || group.includes("[")) return property;
  if (member === "container" && rest[0] !== undefined) return joined("container", rest[0]);
  const tail = rest.length > 0 ? `.${rest.join(".")}` : "";
  if (group === "timing" || group === "launch") return `${member}${tail}`;
  if (group !== "health" && group !== "check") return property;
  return `${joined(group, member)}${tail}`;
}

/** The first nginx has settings of its own, the others are in a list. */
function settingOfNginx(index: number, member: string | undefined): string {
  if (index === 0 && member === "controlPort") return member;
  if (index === 0) return member === undefined ? "nginxServers" : joined("nginx", member);
  return [`nginxServers[${index - 1}]`, member ?? []].flat().join(".");
}

function joined(group: string, member: string): string {
  return `${group}${member.charAt(0).toUpperCase()}${member.slice(1)}`;
}
