import { globSync, statSync } from "node:fs";
import { inRepository } from "./inRepository.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";

/** A variant of the sample application; `fault` breaks it. */
export interface MarketVariant {
  readonly version: string;
  readonly fault?: string;
  readonly packaging?: "jar" | "war";
  /** Undertow comes with `server.http2.enabled`. */
  readonly server?: "tomcat" | "undertow";
  /** With a launch script in front, so that the file itself can be run. */
  readonly isExecutable?: boolean;
  /** Without a version anywhere in the archive. */
  readonly isUnversioned?: boolean;
}

/** Builds a variant of `examples/market` with Maven, unless its archive is newer than its sources. */
export async function buildMarket(variant: MarketVariant): Promise<string> {
  const { version, fault = "none", packaging = "jar", server = "tomcat" } = variant;
  const differences = [
    ...(packaging === "jar" ? [] : [packaging]),
    ...(server === "tomcat" ? [] : [server]),
    ...(variant.isExecutable ? ["executable"] : []),
    ...(variant.isUnversioned ? ["unversioned"] : []),
  ];
  const project = inRepository("examples", "market");
  const directory = `${project}/target/${[version, fault, ...differences].join("-")}`;
  const archive = `${directory}/market-${version}.${packaging}`;
  if (isNewer(archive, [`${project}/pom.xml`, ...globSync(`${project}/src/**/*.*`)])) return archive;
  const faulty = fault === "none" ? "" : ` with the fault ${fault}`;
  report(`market ${[version, ...differences].join(" ")}${faulty} … building with Maven`);
  const properties = {
    revision: version,
    buildDirectory: directory,
    "market.fault": fault,
    "market.packaging": packaging,
    "market.server": server,
    "market.http2": server === "undertow",
    "market.executable": variant.isExecutable ?? false,
    "market.versioned": !variant.isUnversioned,
    ...(variant.isUnversioned && { "market.buildInfoPhase": "none" }),
  };
  const definitions = Object.entries(properties).map(([key, value]) => `-D${key}=${value}`);
  await run("mvn", ["--batch-mode", "--quiet", "-f", project, ...definitions, "package"], { cwd: project });
  return archive;
}

function isNewer(file: string, sources: readonly string[]): boolean {
  const built = statSync(file, { throwIfNoEntry: false });
  // The change time: a reproducible build gives the jar a fixed modification time.
  return built !== undefined && sources.every((source) => statSync(source).mtimeMs < built.ctimeMs);
}
