import { z } from "zod";
import { absolutePath, address, hostAddress, integer, name, show, text } from "./fields.ts";

const KINDS: z.core.$ZodDiscriminatedUnionParams = {
  error: (issue) => `expected local, docker or ssh, got ${show(Object(issue.input).kind)}`,
};

const place = { name, address: hostAddress, port: integer(1, 65535) };

/** A host as nginx knows it. */
export const poolMember = z.object(place);

/** An app host on this machine: a directory, an address and a port. */
export const localHostDescriptor = z.strictObject({
  kind: z.literal("local"),
  ...place,
  /** Absolute; holds `releases`, `current` and `logs`. */
  directory: absolutePath,
});
export type LocalHostDescriptor = z.infer<typeof localHostDescriptor>;

/** Where a Docker engine is, as in DOCKER_HOST; empty means where the docker CLI of this user would look. */
export const engine = text.regex(/^$|^(unix|npipe|tcp|http|https|ssh):\/\/\S+$/, {
  error: (issue) =>
    `expected unix:///…, tcp://host:port or ssh://user@host, or nothing for the docker CLI's own engine, got ${show(issue.input)}`,
});

/** An app host in a container; its releases are in a volume, so they outlive the container. */
export const dockerHostDescriptor = z.strictObject({
  kind: z.literal("docker"),
  ...place,
  engine,
  container: text,
  volume: text,
  network: text,
});
export type DockerHostDescriptor = z.infer<typeof dockerHostDescriptor>;

/** Where a server is and how things run on it. */
const onServer = {
  /** A host, an alias of the SSH configuration, `user@host` or `ssh://user@host:port`. */
  server: text.regex(/^(ssh:\/\/)?([A-Za-z0-9._+][A-Za-z0-9._+-]*@)?[A-Za-z0-9_[][A-Za-z0-9._:%[\]-]*$/, {
    error: (issue) => `expected a server such as deploy@app-1.example.com, got ${show(issue.input)}`,
  }),
  /** Instead of the user's own configuration, relative to the project. */
  sshConfig: text,
  /** On the server; of characters that systemd, nginx and a shell take as they are. */
  directory: text.regex(/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/, {
    error: (issue) => `expected an absolute path of plain characters, got ${show(issue.input)}`,
  }),
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
export const sshHostDescriptor = z.strictObject({ kind: z.literal("ssh"), ...place, ...onServer });
export type SshHostDescriptor = z.infer<typeof sshHostDescriptor>;

/** An app host: where it is, and where its releases live. */
export const hostDescriptor = z.discriminatedUnion(
  "kind",
  [localHostDescriptor, dockerHostDescriptor, sshHostDescriptor],
  KINDS,
);
export type HostDescriptor = z.infer<typeof hostDescriptor>;

/** An nginx of this machine. */
export const localProxyDescriptor = z.strictObject({
  kind: z.literal("local"),
  /** nginx's own prefix, absolute; holds `nginx.conf`, `drained` and `logs`. */
  directory: absolutePath.regex(/^[^"$\\\r\n]*$/, {
    error: (issue) =>
      `expected a path without quotes, $ and \\, which nginx would read as its own, got ${show(issue.input)}`,
  }),
  address,
  port: integer(1, 65535),
});
export type LocalProxyDescriptor = z.infer<typeof localProxyDescriptor>;

/** An nginx in a container; address and port are those that the engine publishes. */
export const dockerProxyDescriptor = z.strictObject({
  kind: z.literal("docker"),
  engine,
  container: text,
  address,
  port: integer(1, 65535),
});
export type DockerProxyDescriptor = z.infer<typeof dockerProxyDescriptor>;

/** An nginx on a server that is reached over SSH; address and port are those that it listens on. */
export const sshProxyDescriptor = z.strictObject({
  kind: z.literal("ssh"),
  ...onServer,
  address,
  port: integer(1, 65535),
});
export type SshProxyDescriptor = z.infer<typeof sshProxyDescriptor>;

/** The nginx in front of the hosts. */
export const proxyDescriptor = z.discriminatedUnion(
  "kind",
  [localProxyDescriptor, dockerProxyDescriptor, sshProxyDescriptor],
  KINDS,
);
export type ProxyDescriptor = z.infer<typeof proxyDescriptor>;
