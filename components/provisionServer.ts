import { remote, type types } from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";
import { provisionCommand } from "#kinds/ssh/provision.ts";

/** How a server is made ready, and how to log in for that. */
export interface Provisioning {
  /** What makes it ready, and removes again what it made. */
  readonly script: string;
  readonly connection: types.input.remote.ConnectionArgs;
}

/** Declares that a server is made ready; what depends on that comes after it. */
export function provisionServer(
  name: string,
  provisioning: Provisioning | undefined,
  options: pulumi.CustomResourceOptions,
): remote.Command[] {
  if (!provisioning) return [];
  const { script, connection } = provisioning;
  return [
    new remote.Command(
      name,
      {
        connection,
        create: provisionCommand("install"),
        delete: provisionCommand("remove"),
        stdin: script,
        addPreviousOutputInEnv: false,
      },
      options,
    ),
  ];
}
