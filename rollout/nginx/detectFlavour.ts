import type { Flavour } from "../rollRequest.ts";

/** The best flavour that an nginx can do, from what `nginx -V` prints. */
export function detectFlavour(buildOptions: string): Flavour {
  return /upstream_check_module/.test(buildOptions) ? "check-module" : "stock";
}
