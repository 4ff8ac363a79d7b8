import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubectl } from "../../../harness/kubernetes/kubernetesCluster.ts";

/** Creates objects in a namespace, as the cluster's administrator. */
export async function createObjects(namespace: string, items: readonly object[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rollgate-objects-"));
  try {
    const file = join(folder, "objects.json");
    await writeFile(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await kubectl("-n", namespace, "create", "-f", file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
