import type { Input } from "@pulumi/pulumi";

/** A setting whose value, or any part of it, may be known only later. */
export type Setting<T> = Input<T extends object ? { readonly [Key in keyof T]: Setting<T[Key]> } : T>;
