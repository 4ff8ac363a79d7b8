import { globSync, statSync } from "node:fs";
import { inRepository } from "../../tools/inRepository.ts";
import { run } from "../../tools/run.ts";

/** A small application with one page, by any version of Spring Boot. */
export interface ApplicationForm {
  readonly boot: string;
  readonly packaging: "jar" | "war";
  /** With a launch script in front, where this version of Spring Boot still makes one. */
  readonly isExecutable?: boolean;
}

/** The archive of `test/fixtures/application`, built with Maven unless it is newer than its sources. */
export async function buildApplication({ boot, packaging, isExecutable = false }: ApplicationForm) {
  const project = inRepository("test", "fixtures", "application");
  const directory = `${project}/target/${boot}-${packaging}${isExecutable ? "-executable" : ""}`;
  const archive = `${directory}/application.${packaging}`;
  const built = statSync(archive, { throwIfNoEntry: false });
  const sources = [`${project}/pom.xml`, ...globSync(`${project}/{src,pages}/**/*.*`)];
  if (built && sources.every((source) => statSync(source).mtimeMs < built.mtimeMs)) return archive;
  const definitions = Object.entries({
    boot,
    packaging,
    executable: isExecutable,
    buildDirectory: directory,
    // What the first of each generation was made for.
    java: boot.startsWith("2.") ? 8 : 17,
  }).map(([key, value]) => `-D${key}=${value}`);
  await run("mvn", ["--batch-mode", "--quiet", "-f", project, ...definitions, "package"], { cwd: project });
  return archive;
}
