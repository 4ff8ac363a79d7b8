import { z } from "zod";

/** The form of a `Revision` in a file. */
export const revisionSchema = z.object({ release: z.string(), launch: z.string() });
