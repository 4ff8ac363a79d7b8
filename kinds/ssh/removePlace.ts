import { quote } from "#rollout/machine/quote.ts";
import { unitMark } from "./units.ts";

/** What to remove from a server besides the folder of a host or of nginx, and what prevents that. */
export interface Removable {
  readonly units: Readonly<Record<string, string>>;
  readonly enabled: string;
  /** A file that exists from the first roll until the host, or nginx, is removed. */
  readonly inUse: string;
  /** The parent folders that belong to the stack, innermost first. */
  readonly parents: readonly string[];
}

/** The part of the script that removes everything; `account` is the service's, absent without systemd. */
export function removePlace(directory: string, account: string | undefined, parts: Removable): string {
  const withSystemd = account !== undefined;
  return `${leaveInUse(directory, parts)}${withSystemd ? removeUnits(parts, directory) : ""}${removeFolder(directory, withSystemd)}
  # Parent folders are removed once they are empty.
  rmdir ${parts.parents.map(quote).join(" ")} 2>/dev/null || :
${withSystemd ? removeAccount(account) : ""}`;
}

/** Leaves a place that is still serving, because its host is moving or was only dropped from the program. */
function leaveInUse(directory: string, { inUse }: Removable): string {
  return `  if [ -e ${quote(`${directory}/${inUse}`)} ]; then
    echo ${quote(`${directory} is still in use and was left as it is`)}
    exit 0
  fi
`;
}

/** Keeps what the application wrote, owned by root, where a new host of the same name won't find it. */
function removeFolder(directory: string, withSystemd: boolean): string {
  const [folder, work] = [quote(directory), quote(`${directory}/work`)];
  const setAside = `mv ${work} "$kept"${withSystemd ? '; chown -R -h root: "$kept"' : ""}`;
  // An earlier removal may have kept files too.
  return `  if [ ! -L ${work} ] && [ -n "$(ls -A ${work} 2>/dev/null)" ]; then
    first=${quote(`${directory}.work`)}
    kept=$first
    number=0
    while [ -e "$kept" ] || [ -L "$kept" ]; do
      number=$((number + 1))
      kept=$first.$number
    done
    ${setAside}
    echo "the application's files are kept in $kept"
  fi
  rm -rf ${folder}`;
}

function removeUnits({ units: texts, enabled }: Removable, directory: string): string {
  const files = Object.keys(texts).map((unit) => quote(`/etc/systemd/system/${unit}.service`));
  return `  if [ -e ${files[0]} ] && ! grep -qxF ${quote(unitMark(directory))} ${files[0]}; then exit 0; fi
  systemctl --quiet disable --now ${enabled}.service 2>/dev/null || :
  rm -f ${files.join(" ")} ${quote(`/etc/sudoers.d/${enabled}`)}
  systemctl daemon-reload
`;
}

/** Removes the account unless other hosts of the stack on this server use it. */
function removeAccount(account: string): string {
  return `  grep -qsx "User=${account}" /etc/systemd/system/*.service || userdel ${account} 2>/dev/null || :
`;
}
