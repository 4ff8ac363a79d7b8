import { z } from "zod";
import { absolutePath, text } from "./fields.ts";

/** A jar that was opened and hashed. */
export const identifiedJar = z.strictObject({
  path: absolutePath,
  version: text,
  sha256: text.regex(/^[0-9a-f]{64}$/),
});
