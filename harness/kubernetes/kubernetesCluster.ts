import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { docker } from "../docker/engine.ts";

const run = promisify(execFile);
const HERE = import.meta.dirname;
const K = join(HERE, "..", "..", ".tools", "kubernetes");
const BUILD = "npm run test:cluster";

/** The kubeconfig of the cluster's administrator. */
export const KUBECONFIG = join(K, "pki", "admin.kubeconfig");
/** The node, from here; it has the NodePorts 30000 to 30100. */
export const NODE_ADDRESS = "10.250.0.2";

/** This machine, from the node. */
export const HOST_ADDRESS = "10.250.0.1";

/** Why there can be no cluster here; `undefined` if there can. */
export async function noCluster(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "needs root";
  const isThere = (file: string) =>
    access(file).then(
      () => true,
      () => false,
    );
  if (!(await isThere(join(K, "bin", "kube")))) return `needs a cluster, which \`${BUILD}\` builds`;
  for (const file of ["/usr/bin/ctr", "/usr/lib/cni/bridge", "/usr/sbin/runc"]) {
    if (!(await isThere(file))) return `needs ${file}`;
  }
  return undefined;
}

/** Starts the cluster unless it is running; returns what stops it again. */
export async function startCluster(): Promise<() => Promise<void>> {
  if (await isRunning()) return async () => {};
  await script("up.sh");
  return () => script("down.sh");
}

/** Makes images of the Docker engine known to the node. */
export async function importImages(images: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rollgate-images-"));
  try {
    const file = join(folder, "images.tar");
    await docker(["save", "--output", file, ...images], 180_000);
    await run("ctr", ["-a", join(K, "run", "containerd.sock"), "-n", "k8s.io", "images", "import", file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Lets the node pull images of a registry, such as `127.0.0.1:5000`, from there; returns what ends that. */
export async function pullFrom(registry: string, url: string): Promise<() => Promise<void>> {
  const folder = join(K, "etc", "registries", registry);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "hosts.toml"), `server = "${url}"\n[host."${url}"]\n`);
  return () => rm(folder, { recursive: true });
}

/** Runs kubectl as the cluster's administrator; returns what it prints. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(join(K, "bin", "kube"), ["kubectl", "--kubeconfig", KUBECONFIG, ...args]);
  return stdout;
}

async function isRunning(): Promise<boolean> {
  return kubectl("get", "--raw", "/readyz", "--request-timeout=3s").then(
    () => true,
    () => false,
  );
}

async function script(name: string): Promise<void> {
  await run("bash", [join(HERE, name)], { env: { ...process.env, K }, timeout: 120_000 });
}
