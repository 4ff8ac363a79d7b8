import { readScripts } from "./scripts.ts";

/** Prints file `$2` in directory `$1`; exits with `NOT_THERE` if there is none. */
export const READ_FILE = readScripts(new URL("./scripts/", import.meta.url), "read-file");
