import { clashWith, overlapWith, type Serving } from "#rollout/nginx/neighbours.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";

/** Throws `InvalidInput` if what a stack serves from its own nginx clashes with what other stacks serve from it. */
export async function refuseNeighbours(
  server: Pick<NginxServer, "neighbours">,
  serving: Serving,
): Promise<void> {
  const neighbours = await server.neighbours();
  const problem = clashWith(serving, neighbours) ?? overlapWith(serving, neighbours);
  if (problem) throw problem;
}
