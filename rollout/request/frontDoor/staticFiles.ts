import { z } from "zod";
import { show } from "../fields.ts";
import { nginxPath, pathStart } from "./siteFields.ts";

const entry = z.strictObject({
  path: pathStart.refine((value) => value !== "/", {
    error: "expected a path below /, which is the application's",
  }),
  /** On nginx's machine. */
  folder: nginxPath,
});

/** Folders that nginx serves itself. */
export const staticFiles = z
  .array(entry, { error: (issue) => `expected a list of paths and folders, got ${show(issue.input)}` })
  .min(1, { error: "expected at least one path, got none" })
  .max(50, { error: "expected at most 50 paths" })
  .superRefine((entries, context) => {
    const paths = entries.map(({ path }) => path.replace(/\/$/, ""));
    for (const [index, path] of paths.entries()) {
      const first = paths.indexOf(path);
      if (first === index) continue;
      const message = `expected a unique path, got ${entries[index]?.path} as in staticFiles[${first}]`;
      context.addIssue({ code: "custom", path: [index, "path"], message });
    }
  });
export type StaticFiles = z.infer<typeof staticFiles>;
