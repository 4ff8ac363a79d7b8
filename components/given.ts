import type { Input } from "@pulumi/pulumi";

/** The inputs of a resource, as a program passes them. */
export type Given<Inputs> = {
  readonly [Key in keyof Inputs]:
    | Input<NonNullable<Inputs[Key]>>
    | (undefined extends Inputs[Key] ? undefined : never);
};
