import type { FleetRequest } from "../kind.ts";
import type { Orchestrator } from "../orchestrator.ts";
import { findUrl } from "./findUrl.ts";
import { openWorkload } from "./openWorkload.ts";
import { workloadOf } from "./workloadOf.ts";

/** Opens what a request rolls. */
export async function openRequest(request: FleetRequest): Promise<Orchestrator> {
  const { canary, ...workload } = workloadOf(request);
  const service = workload.front?.entrance ?? workload.service;
  const url = workload.url ?? (await findUrl({ ...workload, service }));
  return openWorkload({ ...workload, url, ...(canary && { canary: { ...canary, url } }) });
}
