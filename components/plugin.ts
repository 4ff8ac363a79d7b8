import { readFile } from "node:fs/promises";
import * as pulumi from "@pulumi/pulumi";
import { pluginSchema } from "./pluginSchema.ts";
import { RollingService, type RollingServiceArgs } from "./rollingService.ts";

/** A service that can be waited for, so that what is wrong with a setting is said once, without a stack trace. */
class OfferedService extends RollingService {
  async declared(): Promise<void> {
    await this.getData();
  }
}

/** The plugin by which Pulumi offers a service to programs in other languages. */
class ServicePlugin implements pulumi.provider.Provider {
  readonly version: string;
  readonly schema: string;

  constructor(version: string, schema: string) {
    this.version = version;
    this.schema = schema;
  }

  async construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
  ): Promise<pulumi.provider.ConstructResult> {
    if (type !== "rollgate:index:RollingService")
      throw new Error(`expected the resource rollgate:RollingService, got ${type}`);
    const service = new OfferedService(name, inputs as RollingServiceArgs, options);
    await service.declared();
    const { urn, url, releases, durationSeconds, report, history, ledger } = service;
    return { urn, state: { url, releases, durationSeconds, report, history, ledger } };
  }
}

/** Serves the plugin until Pulumi's engine ends it. */
export async function serve(): Promise<void> {
  const beside = (file: string) => readFile(new URL(`../${file}`, import.meta.url), "utf8");
  const { version } = JSON.parse(await beside("package.json"));
  const plugin = new ServicePlugin(version, pluginSchema(await beside("Pulumi.yaml"), version));
  return pulumi.provider.main(plugin, process.argv.slice(2));
}
