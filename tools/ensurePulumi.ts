import { buildPulumi } from "./buildPulumi.ts";
import { downloadPulumi } from "./downloadPulumi.ts";
import { findPulumi, type PulumiCli } from "./findPulumi.ts";
import { inRepository } from "./inRepository.ts";
import { report } from "./report.ts";
import { SetupError } from "./setupError.ts";

/** Finds the Pulumi CLI, or else downloads or builds it. */
export async function ensurePulumi(): Promise<void> {
  const cli = (await findPulumi()) ?? (await downloaded()) ?? (await built());
  report(`Pulumi CLI … found v${cli.version} in ${cli.directories.map(fromRepository).join(" and ")}`);
}

async function downloaded(): Promise<PulumiCli | undefined> {
  try {
    await downloadPulumi();
  } catch (error) {
    report(`Pulumi CLI … no download: ${error instanceof Error ? error.message : error}`);
  }
  return findPulumi();
}

async function built(): Promise<PulumiCli> {
  await buildPulumi();
  const cli = await findPulumi();
  if (!cli) throw new SetupError("Pulumi CLI … built, but it does not run here");
  return cli;
}

function fromRepository(directory: string): string {
  return directory.replace(inRepository("/"), "");
}
