import type { Crud } from "#provider/crud.ts";
import { providerModule } from "#provider/dynamicProvider.ts";
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
    const __provider = providerModule(load);
    const { stackTraceLimit } = Error;
    // The SDK keeps a stack trace of each promise, in case that it never settles. That takes longer than all the rest.
    if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) Error.stackTraceLimit = 0;
    try {
      super(`pulumi-nodejs:dynamic/rollgate:${type}`, name, { ...inputs, __provider }, options);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }
}
