import { run } from "./run.ts";

/** The version of `java` on PATH, such as 17.0.15; undefined if there is no working one. */
export async function javaVersion(): Promise<string | undefined> {
  try {
    const { stderr } = await run("java", ["-version"]);
    return /version "([\d.]+)/.exec(stderr)?.[1];
  } catch {
    return undefined;
  }
}
