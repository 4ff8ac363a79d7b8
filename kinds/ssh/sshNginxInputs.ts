import { z } from "zod";
import { servingInputs } from "../servingInputs.ts";
import { sshProxyDescriptor } from "./sshDescriptors.ts";

/** The inputs of an nginx on a server. */
export const sshNginxInputs = sshProxyDescriptor.extend({
  /** A path, or a name to look up on the server's PATH. */
  executable: z.string().min(1, { error: "expected the nginx command, got an empty string" }),
  ...servingInputs,
});
export type SshNginxInputs = z.infer<typeof sshNginxInputs>;
