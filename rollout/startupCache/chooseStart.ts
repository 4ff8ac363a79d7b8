import { dirname } from "node:path";
import { quote } from "../machine/quote.ts";
import { readScripts } from "../machine/scripts.ts";
import type { Launch } from "../request/launch.ts";
import { optionsKey } from "./optionsKey.ts";

const SCRIPTS = new URL("./scripts/", import.meta.url);
const CHOOSE = readScripts(SCRIPTS, "../../machine/scripts/sha256-of", "identify-java", "choose-start");

/**
 * Lines of a start file that set its arguments to the options for the start of an archive, after `java` was set. What is
 * there is looked at by each start, so that one without any of it starts the archive.
 */
export function chooseStart(directory: string, archive: string, launch: Launch): string | undefined {
  const options = optionsKey(launch);
  if (options === undefined) return undefined;
  return `archive=${quote(archive)} release=${quote(dirname(archive))} work=${quote(`${directory}/work`)} options=${options}
${CHOOSE}`;
}
