import { DynamicResource } from "#kinds/dynamicResource.ts";
import type { HostInputs } from "#kinds/hostKind.ts";
import type * as pulumi from "#kinds/pulumi.ts";
import type { Given } from "#provider/dynamicProvider.ts";

/** The place of an app host of any kind, and how long its application may take to stop. */
export type AppHostArgs = Given<HostInputs> & Readonly<Record<string, unknown>>;

const load = async () => (await import("rollgate/provider")).appHost();

/** A place for an application, of any kind; deleting it stops the application. */
export class AppHostResource extends DynamicResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly address: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: AppHostArgs, options?: pulumi.CustomResourceOptions) {
    super("AppHost", load, name, { ...args }, options);
  }
}
