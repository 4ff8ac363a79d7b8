import { InvalidInput } from "#rollout/common/errors.ts";
import { isPem } from "#rollout/request/frontDoor/tls.ts";
import type { Reader } from "../reader.ts";

const DEFAULTS = {
  port: 443,
  http2: true,
  http3: false,
  profile: "intermediate",
  redirect: true,
  hstsSeconds: 0,
};

/** The names that clients use, and TLS; an object without any entry means none. */
export function readTls(reader: Reader): {
  readonly serverNames: readonly unknown[];
  readonly tls?: Readonly<Record<string, unknown>>;
} {
  const serverNames = reader.list("serverNames");
  const given = reader.plain("tls");
  // Its parts may be secret, so that the message does not show it.
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new InvalidInput(
      "tls",
      `expected an object, got ${Array.isArray(given) ? "a list" : "something else"}`,
    );
  }
  if (Object.keys(given).length === 0) return { serverNames };
  requireSecretKey(Object(given).key, reader.isSecret("tls"));
  return { serverNames, tls: { ...DEFAULTS, ...given } };
}

/** A stack file is kept where others read it, so that a key in it must be encrypted; nothing else has to be. */
function requireSecretKey(key: unknown, isSecret: boolean): void {
  const isText = typeof key === "string" && isPem(key);
  if (isText && !isSecret) {
    throw new InvalidInput(
      "tls.key",
      "expected a secret, got the key as plain text: set it with `pulumi config set --secret --path tls.key`",
    );
  }
  if (!isText && isSecret) {
    throw new InvalidInput(
      "tls",
      "expected plain values, got a secret: of TLS, only the text of a key stays secret",
    );
  }
}

/** What a rollout has to know of it: where clients reach the service. */
export function publicFace({ serverNames, tls }: ReturnType<typeof readTls>): {
  readonly serverName?: unknown;
  readonly tlsPort?: unknown;
} {
  const serverName = serverNames.find((name) => typeof name === "string" && !name.startsWith("*"));
  return {
    ...(serverName !== undefined && { serverName }),
    ...(tls && { tlsPort: tls.port }),
  };
}
