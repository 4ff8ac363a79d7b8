import { parse } from "dot-properties";
import { GIT_PROPERTIES, readArchiveMetadata } from "./archiveMetadata.ts";

/** Written by the git plugins of Maven and Gradle. */
const KEYS = ["git.commit.id.abbrev", "git.commit.id", "git.commit.id.full"];

/** The commit that an archive says it was built from; `undefined` if it doesn't, or can't be read. */
export async function commitOf(path: string): Promise<string | undefined> {
  try {
    const metadata = await readArchiveMetadata(path);
    const properties = GIT_PROPERTIES.flatMap((name) => {
      const text = metadata.get(name);
      return text === undefined ? [] : [parse(text)];
    });
    const values = properties.flatMap((each) => KEYS.map((key) => each[key]));
    const found = values.find((value) => typeof value === "string" && /^[0-9a-f]{4,64}$/.test(value));
    return typeof found === "string" ? found : undefined;
  } catch {
    return undefined;
  }
}
