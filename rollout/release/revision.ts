import { z } from "zod";

/** How a `Revision` is stored in a file. */
export const revisionSchema = z.object({ release: z.string(), launch: z.string() });
