import { clashWith, overlapWith, type Serving } from "#rollout/nginx/neighbours.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";

/** Throws `InvalidInput` if what a stack serves from its own nginx clashes with what other stacks serve from it. */
export async function refuseNeighbours(
  server: Pick<NginxServer, "neighbours">,
  serving: Omit<Serving, "serverNames">,
): Promise<void> {
  const neighbours = await server.neighbours();
  const own = { ...serving, serverNames: [] };
  const problem = clashWith(own, neighbours) ?? overlapWith(own, neighbours);
  if (problem) throw problem;
}
