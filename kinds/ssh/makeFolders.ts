import { quote } from "#rollout/machine/quote.ts";

/** The subfolders of a host or of nginx. */
export interface Folders {
  /** Folders that belong to the deployer, and those that belong to the service. */
  readonly deployers: readonly string[];
  readonly services: readonly string[];
  /** Folders that the deployer can write, the service can read, and nobody else can access. */
  readonly shared: readonly string[];
}

/**
 * Creates folders as root, where the deployer may have put anything. If something exists, it is accepted as it is or
 * rejected; links are never followed and nothing is changed.
 */
export function makeFolders(
  directory: string,
  deployer: string,
  service: string,
  { deployers, shared, services }: Folders,
): string {
  const make = (owner: string, group: string, mode: string, names: readonly string[]) =>
    names.map((name) => `make_folder ${[owner, group, mode, `${directory}/${name}`].map(quote).join(" ")}`);
  return `umask 022
folder=${quote(directory)}
make_folder() {
  if [ ! -e "$4" ] && [ ! -L "$4" ]; then
    mkdir -m "$3" "$4"
    chown -h "$1:\${2:-$(id -g "$1")}" "$4"
  fi
  require_folder "$1" "$4"
}
require_folder() {
  if [ ! -L "$2" ] && [ -d "$2" ] && [ "$(stat -c %U "$2")" = "$1" ]; then return 0; fi
  echo "expected a folder owned by $1, got something else: $2" >&2
  exit 1
}
mkdir -p "\${folder%/*}"
# Given to the deployer only once it is complete.
[ -e "$folder" ] || mkdir -m 0755 "$folder"
${[
  ...make(deployer, "", "0755", deployers),
  // Files that the deployer creates there get the service's group.
  ...make(deployer, service === deployer ? "" : service, "2750", shared),
  ...make(service, "", "0755", services),
].join("\n")}
if [ "$(stat -c %u "$folder")" = "$(id -u)" ]; then chown -h ${quote(deployer)}: "$folder"; fi
require_folder ${quote(deployer)} "$folder"`;
}
