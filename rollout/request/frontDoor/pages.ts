import { z } from "zod";
import { show } from "../fields.ts";
import { ownFile } from "./siteFields.ts";

/** Statuses of nginx's own errors, as opposed to answers of the application. */
const OWN_ERRORS = ["400", "403", "404", "405", "413", "414", "429", "500", "502", "503", "504"];

/** Pages for nginx's own errors, by status. */
export const errorPages = z.record(
  z.string().refine((status) => OWN_ERRORS.includes(status), {
    error: (issue) =>
      `expected a status of nginx's own errors (${OWN_ERRORS.join(", ")}), got ${show(issue.input)}`,
  }),
  ownFile,
);
export type ErrorPages = z.infer<typeof errorPages>;

/** All clients get 503 instead of the application, with a page if there is one. */
export const maintenance = z.union([z.literal(true), ownFile], {
  error: (issue) => `expected true or a page, got ${show(issue.input)}`,
});
export type Maintenance = z.infer<typeof maintenance>;
