import * as pulumi from "@pulumi/pulumi";
import type { HostInputs } from "#kinds/hostKind.ts";
import { dynamicProvider, type Given } from "#provider/dynamicProvider.ts";

/** The place of an app host of any kind, and how long its application may take to stop. */
export type AppHostArgs = Given<HostInputs> & Readonly<Record<string, unknown>>;

const provider = dynamicProvider(async () => (await import("rollgate/provider")).appHost());

/** A place for an application, of any kind; deleting it stops the application. */
export class AppHostResource extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  declare readonly address: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: AppHostArgs, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, options, "rollgate", "AppHost");
  }
}
