import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, vi } from "vitest";
import { type Preflight, preflight } from "../../settings/preflight.ts";
import { readSettings, type Settings } from "../../settings/readSettings.ts";
import { configure, mockPulumi } from "./pulumi.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";
import { writeJar } from "./zip.ts";

/** For every test of a file: no Pulumi engine, and its warnings stay unseen. */
export function withoutPulumi(): void {
  beforeEach(async () => {
    await mockPulumi();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    return () => vi.restoreAllMocks();
  });
}

/** What the program reads from a stack file with these settings, with a jar of version 1.2.3, and finds out then. */
export async function read(settings: Readonly<Record<string, unknown>>): Promise<Settings & Preflight> {
  const jar = await writeJar(join(await temporaryDirectory(), "app.jar"), "1.2.3");
  await configure({ jar, ...settings });
  const read = await readSettings();
  return { ...read, ...(await preflight(read)) };
}

/** The one line that a stack file with these settings is refused with. */
export async function refusal(settings: Readonly<Record<string, unknown>>): Promise<string> {
  const error = await read(settings).catch((thrown: unknown) => thrown);
  // Pulumi prints the message of a RunError as it is, without a stack trace.
  if (!pulumi.RunError.isInstance(error)) throw new Error(`expected a RunError, got ${String(error)}`);
  return error.message;
}
