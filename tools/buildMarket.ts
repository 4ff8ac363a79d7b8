import { globSync, statSync } from "node:fs";
import { inRepository } from "./inRepository.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";

/** A variant of the sample application; `fault` makes it a broken one. */
export interface MarketVariant {
  readonly version: string;
  readonly fault?: string;
}

/** The jar of a variant of `examples/market`, built with Maven unless it is newer than its sources. */
export async function buildMarket({ version, fault = "none" }: MarketVariant): Promise<string> {
  const project = inRepository("examples", "market");
  const directory = `${project}/target/${version}-${fault}`;
  const jar = `${directory}/market-${version}.jar`;
  if (isNewer(jar, [`${project}/pom.xml`, ...globSync(`${project}/src/**/*.*`)])) return jar;
  report(`market ${version}${fault === "none" ? "" : ` with the fault ${fault}`} … building with Maven`);
  const properties = [`-Drevision=${version}`, `-Dmarket.fault=${fault}`, `-DbuildDirectory=${directory}`];
  await run("mvn", ["--batch-mode", "--quiet", "-f", project, ...properties, "package"], { cwd: project });
  return jar;
}

function isNewer(file: string, sources: readonly string[]): boolean {
  const built = statSync(file, { throwIfNoEntry: false });
  // The change time: a reproducible build gives the jar a fixed modification time.
  return built !== undefined && sources.every((source) => statSync(source).mtimeMs < built.ctimeMs);
}
