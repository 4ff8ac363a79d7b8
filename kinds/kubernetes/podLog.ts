import type { Cluster } from "./cluster.ts";

/** A node's clock may be off by this much. */
const OVERLAP_SECONDS = 5;

/** The log of a pod, read piece by piece, so that a broken connection loses nothing of it. */
export class PodLog {
  readonly #cluster: Pick<Cluster, "core" | "ask">;
  readonly #namespace: string;
  readonly #pod: string;
  #lastRead: number | undefined;
  /** Of the last line that was returned; all have the same length. */
  #lastTime = "";

  constructor(cluster: Pick<Cluster, "core" | "ask">, namespace: string, pod: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#pod = pod;
  }

  /** What was written since the last time. */
  async read(): Promise<string> {
    const { core, ask } = this.#cluster;
    const now = performance.now();
    const since = this.#lastRead === undefined ? undefined : Math.ceil((now - this.#lastRead) / 1000);
    const log = await ask(
      core.readNamespacedPodLog({
        name: this.#pod,
        namespace: this.#namespace,
        timestamps: true,
        ...(since !== undefined && { sinceSeconds: since + OVERLAP_SECONDS }),
      }),
    );
    this.#lastRead = now;
    const stamped = String(log ?? "")
      .split("\n")
      .map((line) => /^(\S+) (.*)$/s.exec(line) ?? []);
    const fresh = stamped.filter(([, time = ""]) => time > this.#lastTime);
    this.#lastTime = fresh.at(-1)?.[1] ?? this.#lastTime;
    return fresh.map(([, , text = ""]) => `${text}\n`).join("");
  }
}
