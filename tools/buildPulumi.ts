import { chmod, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { go } from "./go.ts";
import { inRepository } from "./inRepository.ts";
import { requireGo } from "./requireGo.ts";
import { withProgress } from "./withProgress.ts";

const CLI = "github.com/pulumi/pulumi/pkg/v3";
const SDK = "github.com/pulumi/pulumi/sdk/v3";

/** Builds the CLI, its Node.js language host and the launcher of dynamic providers into .tools/bin, atomically. */
export async function buildPulumi(): Promise<void> {
  await requireGo();
  const finished = inRepository(".tools", "bin");
  const partial = `${finished}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  await withProgress("Pulumi CLI … building it with Go, which takes a few minutes …", buildInto(partial));
  await rm(finished, { recursive: true, force: true });
  await rename(partial, finished);
}

async function buildInto(directory: string): Promise<void> {
  const version = await go("pulumi-cli", "list", "-m", "-f", "{{.Version}}", CLI);
  const flags = [
    "-trimpath",
    "-mod=readonly",
    "-ldflags",
    `-s -w -X ${SDK}/go/common/version.Version=${version}`,
  ];
  const build = (module: string, source: string) =>
    go(module, "build", ...flags, "-o", `${directory}/`, source);
  await build("pulumi-language-nodejs", `${SDK}/nodejs/cmd/pulumi-language-nodejs`);
  await build("pulumi-cli", `${CLI}/cmd/pulumi`);

  const launcher = join(directory, "pulumi-resource-pulumi-nodejs");
  const sdkDirectory = await go("pulumi-cli", "list", "-m", "-f", "{{.Dir}}", SDK);
  await copyFile(join(sdkDirectory, "nodejs", "dist", "pulumi-resource-pulumi-nodejs"), launcher);
  await chmod(launcher, 0o755);
}
