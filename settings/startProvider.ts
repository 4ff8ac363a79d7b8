import { invoke } from "#kinds/pulumi.ts";

/**
 * Makes Pulumi start the process of our providers during the preflight of the program; otherwise, it does so when the
 * first resource is declared, and the program waits for it. No dynamic provider has a function to be called, so the
 * answer is an error, which means nothing.
 */
export function startProvider(): void {
  invoke("pulumi-nodejs:dynamic/rollgate:start", {}).catch(() => {});
}
