import type { Input } from "@pulumi/pulumi";

/** Inputs of a resource as a program gives them. */
export type Given<Inputs> = {
  readonly [Key in keyof Inputs]:
    | Input<NonNullable<Inputs[Key]>>
    | (undefined extends Inputs[Key] ? undefined : never);
};
