import { createHash } from "node:crypto";
import type { Launch } from "../request/launch.ts";

/** With these, the JVM uses archives of its own, changes classes as it loads them, or can't use an archive. */
const OWN_WAY =
  /^(@|-Xshare:(?!auto)|-Xbootclasspath|-javaagent|-agent(lib|path)|-XX:.*(Shared|ArchiveClasses|DynamicDumpInfo|LoadedClassList|AOT)|--(disable-@files|patch-module|upgrade-module-path|limit-modules)\b)/;

/** Stands for the JVM options in the name of an archive of classes; `undefined` if these rule one out. */
export function optionsKey({ jvmOptions }: Pick<Launch, "jvmOptions">): string | undefined {
  if (jvmOptions.some((option) => OWN_WAY.test(option))) return undefined;
  return createHash("sha256").update(JSON.stringify(jvmOptions)).digest("hex").slice(0, 12);
}
