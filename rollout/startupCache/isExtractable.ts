import { MANIFEST, readArchiveMetadata } from "../release/archiveMetadata.ts";
import { parseManifest } from "../release/manifest.ts";
import { openZip } from "../release/openZip.ts";

const LAUNCHER = "org.springframework.boot.loader.launch.JarLauncher";
const TOOLS = /^BOOT-INF\/lib\/spring-boot-jarmode-tools-[^/]+\.jar$/;

/**
 * Whether a jar can unpack itself, as Spring Boot's can since 3.3. Asking any other to do so might start the application.
 * A file that can't be read can't; staging it says why.
 */
export async function isExtractable(path: string): Promise<boolean> {
  try {
    const manifest = parseManifest((await readArchiveMetadata(path)).get(MANIFEST) ?? "");
    return manifest.get("main-class") === LAUNCHER && (await hasTools(path));
  } catch {
    return false;
  }
}

async function hasTools(path: string): Promise<boolean> {
  const zip = await openZip(path);
  try {
    for await (const { fileName } of zip.eachEntry()) if (TOOLS.test(fileName)) return true;
    return false;
  } finally {
    zip.close();
  }
}
