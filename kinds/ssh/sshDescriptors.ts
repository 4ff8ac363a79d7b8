import { z } from "zod";
import { show, text } from "#rollout/request/fields.ts";
import { foreignNginx } from "#rollout/request/frontDoor/foreignNginx.ts";
import { controlPort, hostOf, proxyOf } from "#rollout/request/places.ts";
import { startedInputs } from "../servingInputs.ts";

/** A folder on a server, with characters that need no quoting for systemd, nginx or a shell. */
export const serverDirectory = text.regex(/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/, {
  error: (issue) => `expected an absolute path without special characters, got ${show(issue.input)}`,
});

/** Where a server is, and how services run on it. */
const onServer = {
  /** A host, an alias of the SSH configuration, `user@host` or `ssh://user@host:port`. */
  server: text.regex(/^(ssh:\/\/)?([A-Za-z0-9._+][A-Za-z0-9._+-]*@)?[A-Za-z0-9_[][A-Za-z0-9._:%[\]-]*$/, {
    error: (issue) => `expected a server such as deploy@app-1.example.com, got ${show(issue.input)}`,
  }),
  /** Replaces the user's own configuration; relative to the project. */
  sshConfig: text,
  /** Its public host keys, one per line, if known_hosts doesn't decide. */
  hostKey: text
    .regex(/^((ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?\n*)+$/, {
      error: (issue) => `expected a public key such as ssh-ed25519 AAAA…, got ${show(issue.input)}`,
    })
    .exactOptional(),
  /** Present if known_hosts learns the keys of servers that it doesn't have. */
  hostKeys: z.literal("accept-new").exactOptional(),
  directory: serverDirectory,
  /** What starts services and keeps them running. */
  supervisor: z.enum(["systemd", "process"], {
    error: (issue) => `expected systemd or process, got ${show(issue.input)}`,
  }),
  /** The name of the systemd unit, without `.service`. */
  unit: text.regex(/^[a-z0-9][a-z0-9_-]*$/, {
    error: (issue) => `expected the name of a unit, got ${show(issue.input)}`,
  }),
};

/** An app host on a server reached over SSH. */
export const sshHostDescriptor = hostOf("ssh", onServer);
export type SshHostDescriptor = z.infer<typeof sshHostDescriptor>;

/** An nginx on a server reached over SSH; it listens on this address and port. */
export const sshProxyDescriptor = proxyOf("ssh", {
  ...onServer,
  controlPort,
  /** The nginx that gets our part, if none is started for this stack. */
  foreign: foreignNginx.exactOptional(),
});
export type SshProxyDescriptor = z.infer<typeof sshProxyDescriptor>;

/** The inputs of an nginx on a server. */
export const sshNginxInputs = sshProxyDescriptor.extend({
  ...startedInputs,
  /** Whether nginx reads copies of the certificate, which root keeps for it. */
  certificateCopies: z.boolean().exactOptional(),
});
export type SshNginxInputs = z.infer<typeof sshNginxInputs>;
