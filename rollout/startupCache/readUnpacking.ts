import { buffer, text } from "node:stream/consumers";
import { fromBufferPromise } from "yauzl";
import { MANIFEST } from "../release/archiveMetadata.ts";
import { parseManifest } from "../release/manifest.ts";
import { openZip } from "../release/openZip.ts";
import { stableLibraries } from "./stableLibraries.ts";
import type { Unpacking } from "./unpacking.ts";

const [CLASSES, LIBRARIES] = ["BOOT-INF/classes/", "BOOT-INF/lib/"];
const [ORDER, LAYERS] = ["BOOT-INF/classpath.idx", "BOOT-INF/layers.idx"];
/** Only `java -jar` heeds these. */
const ONLY_OF_A_JAR = ["launcher-agent-class", "add-exports", "add-opens", "enable-native-access"];
/** Nobody looks for these by their name alone, or their order does not matter. */
const MAY_BE_IN_BOTH =
  /^(META-INF\/(MANIFEST\.MF|INDEX\.LIST|DEPENDENCIES|(LICEN[CS]E|NOTICE)[^/]*|[^/]+\.(SF|RSA|DSA|EC)|maven\/.*|(additional-)?spring-configuration-metadata\.json|spring\/[^/]+\.imports)|(META-INF\/versions\/\d+\/)?module-info\.class|.*\/)$/i;

/**
 * How the jar of a release that can unpack itself starts then. Its stable libraries come first on the class path, so that
 * what is known of them holds for the next release; but only if nothing in them hides a file of the release, which used to
 * come before them.
 */
export async function readUnpacking(path: string): Promise<Unpacking> {
  const { texts, own, libraries } = await readParts(path);
  const manifest = parseManifest(texts.get(MANIFEST) ?? "");
  const mainClass = manifest.get("start-class") ?? "";
  const stable = stableLibraries(texts.get(ORDER) ?? "", texts.get(LAYERS) ?? "");
  const isPlain = /^[\w$.]+$/.test(mainClass) && !ONLY_OF_A_JAR.some((name) => manifest.has(name));
  const mayComeFirst = isPlain && stable.every((name) => libraries.has(name));
  return { mainClass, shared: mayComeFirst && !hideSome(libraries, stable, own) ? stable : [] };
}

/** What a jar says of itself, and the names of the files in it and in its libraries. */
interface Parts {
  readonly texts: ReadonlyMap<string, string>;
  readonly own: readonly string[];
  readonly libraries: ReadonlyMap<string, readonly string[]>;
}

async function readParts(path: string): Promise<Parts> {
  const texts = new Map<string, string>();
  const own: string[] = [];
  const libraries = new Map<string, string[]>();
  const zip = await openZip(path);
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry;
      const content = () => zip.openReadStreamPromise(entry);
      if ([MANIFEST, ORDER, LAYERS].includes(fileName)) texts.set(fileName, await text(await content()));
      else if (fileName.startsWith(LIBRARIES) && fileName.endsWith(".jar"))
        libraries.set(fileName.slice(LIBRARIES.length), await namesIn(await buffer(await content())));
      else if (fileName.startsWith(CLASSES)) own.push(fileName.slice(CLASSES.length));
      else if (fileName.startsWith("META-INF/")) own.push(fileName);
    }
    return { texts, own, libraries };
  } finally {
    zip.close();
  }
}

/** Whether a file in a stable library has the name of one that comes before it, but would no longer. */
function hideSome(libraries: Parts["libraries"], stable: readonly string[], own: readonly string[]): boolean {
  const others = [...libraries].flatMap(([name, names]) => (stable.includes(name) ? [] : names));
  const before = new Set([...own, ...others].filter((name) => !MAY_BE_IN_BOTH.test(name)));
  return stable.some((name) => libraries.get(name)?.some((each) => before.has(each)));
}

async function namesIn(jar: Buffer): Promise<string[]> {
  const names: string[] = [];
  const zip = await fromBufferPromise(jar);
  for await (const { fileName } of zip.eachEntry()) names.push(fileName);
  return names;
}
