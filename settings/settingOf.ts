/** The key in the stack file for a path in the request: `proxy.port` is `nginxPort`, `health.path` is `healthPath`. */
export function settingOf(property: string): string {
  const [group = "", member, ...rest] = property.split(".");
  if (property === "flavour") return "nginxFlavour";
  if (property === "executable") return "nginx";
  if (property === "proxy.directory") return "directory";
  if (member === undefined || group.includes("[")) return property;
  const tail = rest.length > 0 ? `.${rest.join(".")}` : "";
  if (group === "timing" || group === "launch") return `${member}${tail}`;
  if (group !== "proxy" && group !== "health" && group !== "check") return property;
  return `${group === "proxy" ? "nginx" : group}${member.charAt(0).toUpperCase()}${member.slice(1)}${tail}`;
}
