import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, vi } from "vitest";
import type { AppHostsArgs, CheckingNginxArgs } from "#kinds/declaration.ts";
import { AppHosts } from "../../components/appHosts.ts";
import { CheckingNginx } from "../../components/checkingNginx.ts";
import { writeJar } from "../../harness/zip.ts";
import { type Preflight, preflight } from "../../settings/preflight.ts";
import { readSettings, type Settings } from "../../settings/readSettings.ts";
import { configure, mockPulumi } from "./pulumi.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** For every test of a file: no Pulumi engine, and no warnings in the output. */
export function withoutPulumi(): void {
  beforeEach(async () => {
    await mockPulumi();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    return () => vi.restoreAllMocks();
  });
}

type OnMachines = Settings & Preflight & { readonly app: AppHostsArgs; readonly nginx: CheckingNginxArgs };

/** Reads a stack file with these settings and a jar of version 1.2.3, and runs the preflight. */
export async function read(settings: Readonly<Record<string, unknown>>): Promise<OnMachines> {
  const { app, nginx, ...rest } = await readAny(settings);
  if ("declare" in app || "declare" in nginx) throw new Error("expected hosts on machines");
  return { ...rest, app, nginx };
}

/** The same for a kind with its own orchestrator, too. */
export async function readAny(settings: Readonly<Record<string, unknown>>): Promise<Settings & Preflight> {
  const jar = await writeJar(join(await temporaryDirectory(), "app.jar"), "1.2.3");
  await configure({ jar, ...settings });
  const read = await readSettings();
  return { ...read, ...(await preflight(read)) };
}

/** The one-line error for a stack file with these settings. */
export async function refusal(settings: Readonly<Record<string, unknown>>): Promise<string> {
  const error = await readAny(settings).catch((thrown: unknown) => thrown);
  // Pulumi prints the message of a RunError without a stack trace.
  if (!pulumi.RunError.isInstance(error)) throw new Error(`expected a RunError, got ${String(error)}`);
  return error.message;
}

/** What these settings declare for hosts and nginx: the inputs of each resource, by its name. */
export async function declared({ app, nginx }: Pick<Settings, "app" | "nginx">) {
  const { tree, resources } = await mockPulumi();
  new AppHosts("app", app);
  new CheckingNginx("nginx", nginx);
  await tree();
  return Object.fromEntries(resources.map(({ name, inputs }) => [name, inputs]));
}
