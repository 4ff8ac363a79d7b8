import { identifyJar } from "#rollout/release/jar.ts";
import { releaseId } from "#rollout/release/release.ts";
import { buildMarket, type MarketVariant } from "../../tools/buildMarket.ts";

/** A jar of the sample application, and the name that its release has on a host. */
export interface Market {
  readonly jar: string;
  readonly id: string;
  readonly version: string;
}

/** The sample application, built when it is not there yet. */
export async function market(variant: MarketVariant): Promise<Market> {
  const jar = await identifyJar(await buildMarket(variant));
  return { jar: jar.path, id: releaseId(jar), version: jar.version };
}
