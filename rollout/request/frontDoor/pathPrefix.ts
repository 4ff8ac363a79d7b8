import { show, text } from "../fields.ts";

/** The path under which requests get to the application, without a slash at its end. */
export const pathPrefix = text.regex(/^(\/|(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+)$/, {
  error: (issue) => `expected / or a path such as /api, without a slash at its end, got ${show(issue.input)}`,
});
