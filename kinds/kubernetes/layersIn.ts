import { openZip } from "#rollout/release/openZip.ts";
import { isExtractable } from "#rollout/startupCache/isExtractable.ts";

const INDEX = "BOOT-INF/layers.idx";
/** Of a name that needs no quoting in a Dockerfile. */
const LAYER = /^- "([\w.-]+)":$/gm;

/** The layers that an archive unpacks itself into, those that change least first; none if it can't. */
export async function layersIn(path: string): Promise<string[]> {
  if (!(await isExtractable(path))) return [];
  const zip = await openZip(path);
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== INDEX) continue;
      const chunks: Buffer[] = [];
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk);
      return [...Buffer.concat(chunks).toString("utf8").matchAll(LAYER)].map(([, name = ""]) => name);
    }
    return [];
  } finally {
    zip.close();
  }
}
