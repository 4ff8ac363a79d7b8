import { z } from "zod";
import { show, text } from "../fields.ts";

const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
const NAME = new RegExp(`^(\\*\\.)?${LABEL}(\\.${LABEL})*$`);
const LONGEST_NAME = 253;
const MOST_NAMES = 100;

/** A name that clients use, such as `shop.example.com` or `*.example.com`. */
const serverName = text.refine(
  (name) => NAME.test(name) && name.length <= LONGEST_NAME && !/^[\d.]+$/.test(name) && name !== "*",
  {
    error: (issue) =>
      `expected a name such as shop.example.com or *.example.com, in lower case and without a port, got ${show(issue.input)}`,
  },
);

/** The names that clients use; none means any name. */
export const serverNames = z
  .array(serverName, { error: (issue) => `expected a list of names, got ${show(issue.input)}` })
  .max(MOST_NAMES, { error: `expected at most ${MOST_NAMES} names` })
  .superRefine((names, context) => {
    names.forEach((name, index) => {
      const first = names.indexOf(name);
      if (first === index) return;
      const message = `expected a unique name, got ${name} as in serverNames[${first}]`;
      context.addIssue({ code: "custom", path: [index], message });
    });
  });
