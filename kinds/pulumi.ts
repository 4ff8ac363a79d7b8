/**
 * What we use of Pulumi's SDK, by its parts: importing all of it at once would also load the code that serialises
 * functions and the automation API, a third of a second in each update.
 */
export * from "@pulumi/pulumi/errors.js";
export { default as log } from "@pulumi/pulumi/log/index.js";
export * from "@pulumi/pulumi/metadata.js";
export * from "@pulumi/pulumi/output.js";
export * from "@pulumi/pulumi/resource.js";
export { allConfig } from "@pulumi/pulumi/runtime/config.js";
export { invoke } from "@pulumi/pulumi/runtime/invoke.js";
export { isDryRun } from "@pulumi/pulumi/runtime/settings.js";
