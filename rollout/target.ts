import { z } from "zod";

/** The form of a `Target` in a file. */
export const targetSchema = z.object({ release: z.string(), launch: z.string() });
