import type { Crud } from "#provider/crud.ts";
import { providerModule } from "#provider/dynamicProvider.ts";
import { leaveOutStacksOfPromises } from "./leaveOutStacksOfPromises.ts";
import { CustomResource, type CustomResourceOptions, type Inputs } from "./pulumi.ts";

/** A resource whose provider is ours; `load` imports its code by name. */
export class DynamicResource extends CustomResource {
  constructor(
    type: string,
    load: () => Promise<Crud>,
    name: string,
    inputs: Inputs,
    options?: CustomResourceOptions,
  ) {
    leaveOutStacksOfPromises();
    const __provider = providerModule(load);
    super(`pulumi-nodejs:dynamic/rollgate:${type}`, name, { ...inputs, __provider }, options);
  }
}
