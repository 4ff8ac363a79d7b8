import { z } from "zod";
import { servingInputs } from "../servingInputs.ts";
import { localProxyDescriptor } from "./localDescriptors.ts";

/** The inputs of an nginx on this machine. */
export const localNginxInputs = localProxyDescriptor.extend({
  /** A path, or a name to look up on PATH. */
  executable: z.string().min(1, { error: "expected the nginx command, got an empty string" }),
  ...servingInputs,
});
export type LocalNginxInputs = z.infer<typeof localNginxInputs>;
