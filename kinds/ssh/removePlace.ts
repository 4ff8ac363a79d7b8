import { quote } from "#rollout/machine/quote.ts";
import { unitMark } from "./units.ts";

/** What is removed from a server beside the folder of a host or of nginx, and what keeps it there. */
export interface Removable {
  readonly units: Readonly<Record<string, string>>;
  readonly enabled: string;
  /** The file that is there from the first roll until the host, or nginx, is removed. */
  readonly inUse: string;
  /** The folders above that are of the stack, innermost first. */
  readonly parents: readonly string[];
}

/** The part of the script that removes what was made; `account` is the service's, none without systemd. */
export function removePlace(directory: string, account: string | undefined, parts: Removable): string {
  const withSystemd = account !== undefined;
  return `${leaveInUse(directory, parts)}${withSystemd ? removeUnits(parts, directory) : ""}${removeFolder(directory, withSystemd)}
  # The folders above it go with the last of a stack, and of all stacks.
  rmdir ${parts.parents.map(quote).join(" ")} 2>/dev/null || :
${withSystemd ? removeAccount(account) : ""}`;
}

/** What still serves was not removed before this: it was only taken out of the program, or is to move. */
function leaveInUse(directory: string, { inUse }: Removable): string {
  return `  if [ -e ${quote(`${directory}/${inUse}`)} ]; then
    echo ${quote(`${directory} is still in use: left as it is`)}
    exit 0
  fi
`;
}

/** What the application wrote stays; once its account is gone, root has it, and a host of this name finds no trace of it. */
function removeFolder(directory: string, withSystemd: boolean): string {
  const [folder, work] = [quote(directory), quote(`${directory}/work`)];
  const setAside = `mv ${work} "$kept"${withSystemd ? '; chown -R -h root: "$kept"' : ""}`;
  // An earlier removal may have kept something, too.
  return `  if [ ! -L ${work} ] && [ -n "$(ls -A ${work} 2>/dev/null)" ]; then
    first=${quote(`${directory}.work`)}
    kept=$first
    number=0
    while [ -e "$kept" ] || [ -L "$kept" ]; do
      number=$((number + 1))
      kept=$first.$number
    done
    ${setAside}
    echo "what the application wrote is left in $kept"
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

/** Other hosts of the stack on this server run as it, too. */
function removeAccount(account: string): string {
  return `  grep -qsx "User=${account}" /etc/systemd/system/*.service || userdel ${account} 2>/dev/null || :
`;
}
