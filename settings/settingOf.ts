/** The key in the stack file for a path in the request, such as `nginxPort` for `proxy.port`. */
export function settingOf(property: string): string {
  const [group = "", member, ...rest] = property.split(".");
  if (property === "jar.version") return "version";
  if (property === "flavour") return "nginxFlavour";
  if (property === "executable") return "nginx";
  if (property === "proxy.directory") return "directory";
  const ofSecond = /^(hosts\[\d+\])\.second\.(\w+)$/.exec(property);
  if (ofSecond) return `${ofSecond[1]}.${joined("second", ofSecond[2] ?? "")}`;
  if (/(^|\.)engine$/.test(property)) return "dockerEngine";
  if (/(^|\.)supervisor$/.test(property)) return "sshSupervisor";
  if (/(^|\.)sshConfig$/.test(property)) return "sshConfig";
  if (member === undefined || group.includes("[")) return property;
  if (member === "container" && rest[0] !== undefined) return joined("container", rest[0]);
  const tail = rest.length > 0 ? `.${rest.join(".")}` : "";
  if (group === "timing" || group === "launch") return `${member}${tail}`;
  if (group !== "proxy" && group !== "health" && group !== "check") return property;
  return `${joined(group === "proxy" ? "nginx" : group, member)}${tail}`;
}

function joined(group: string, member: string): string {
  return `${group}${member.charAt(0).toUpperCase()}${member.slice(1)}`;
}
