import { z } from "zod";
import { show, text } from "#rollout/request/fields.ts";
import { hostOf, proxyOf } from "#rollout/request/places.ts";

/** On a server; of characters that systemd, nginx and a shell take as they are. */
export const serverDirectory = text.regex(/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/, {
  error: (issue) => `expected an absolute path of plain characters, got ${show(issue.input)}`,
});

/** Where a server is and how things run on it. */
const onServer = {
  /** A host, an alias of the SSH configuration, `user@host` or `ssh://user@host:port`. */
  server: text.regex(/^(ssh:\/\/)?([A-Za-z0-9._+][A-Za-z0-9._+-]*@)?[A-Za-z0-9_[][A-Za-z0-9._:%[\]-]*$/, {
    error: (issue) => `expected a server such as deploy@app-1.example.com, got ${show(issue.input)}`,
  }),
  /** Instead of the user's own configuration, relative to the project. */
  sshConfig: text,
  directory: serverDirectory,
  /** Who starts what runs there, and keeps it running. */
  supervisor: z.enum(["systemd", "process"], {
    error: (issue) => `expected systemd or process, got ${show(issue.input)}`,
  }),
  /** The name of the systemd unit, without `.service`. */
  unit: text.regex(/^[a-z0-9][a-z0-9_-]*$/, {
    error: (issue) => `expected the name of a unit, got ${show(issue.input)}`,
  }),
};

/** An app host on a server that is reached over SSH. */
export const sshHostDescriptor = hostOf("ssh", onServer);
export type SshHostDescriptor = z.infer<typeof sshHostDescriptor>;

/** An nginx on a server that is reached over SSH; address and port are those that it listens on. */
export const sshProxyDescriptor = proxyOf("ssh", onServer);
export type SshProxyDescriptor = z.infer<typeof sshProxyDescriptor>;
