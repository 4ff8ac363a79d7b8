import { z } from "zod";
import { address, hostAddress, integer, name, text } from "./fields.ts";

/** What the engine knows of a host: what it is called, and where it answers. */
const hostFields = {
  name,
  address: hostAddress,
  port: integer(1, 65535),
  /** Where its health is asked, if not on the port of the application: `management.server.port`. */
  healthPort: integer(1, 65535).exactOptional(),
};

/** What the engine knows of the nginx in front of the hosts. */
const proxyFields = { address, port: integer(1, 65535) };

/** A host as nginx knows it. */
export const poolMember = z.object(hostFields);

/** An app host of any kind; the rest of it is for its kind to read. */
export const hostPlace = z.looseObject({ kind: text, ...hostFields });
export type HostPlace = z.infer<typeof hostPlace>;

/** The nginx in front of the hosts, of any kind. */
export const proxyPlace = z.looseObject({ kind: text, ...proxyFields });
export type ProxyPlace = z.infer<typeof proxyPlace>;

/** A schema for the hosts of one kind. */
export function hostOf<Kind extends string, Fields extends z.ZodRawShape>(kind: Kind, fields: Fields) {
  return z.strictObject({ kind: z.literal(kind), ...hostFields, ...fields });
}

/** A schema for the nginx of one kind. */
export function proxyOf<Kind extends string, Fields extends z.ZodRawShape>(kind: Kind, fields: Fields) {
  return z.strictObject({ kind: z.literal(kind), ...proxyFields, ...fields });
}

/** The ports that a host takes up on its machine. */
export function portsOf({ port, healthPort = port }: HostPlace): number[] {
  return [port, healthPort];
}
