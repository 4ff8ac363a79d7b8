import type { z } from "zod";
import { servingInputs } from "../servingInputs.ts";
import { dockerProxyDescriptor } from "./dockerDescriptors.ts";

/** The inputs of an nginx in a container. */
export const dockerNginxInputs = dockerProxyDescriptor.extend(servingInputs);
export type DockerNginxInputs = z.infer<typeof dockerNginxInputs>;
