import { readScripts } from "./scripts.ts";

/** `$1` a directory, `$2` a file in it; exits with `NOT_THERE` when there is none. */
export const READ_FILE = readScripts(new URL("./scripts/", import.meta.url), "read-file");
