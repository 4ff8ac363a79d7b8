import { z } from "zod";
import { slotsOf } from "../host/slots.ts";
import { address, hostAddress, integer, name, show, text } from "./fields.ts";

const MAX_PROXIES = 8;

const slotFields = {
  address: hostAddress,
  port: integer(1, 65535),
  /** The port of the health endpoint, if not the application's (`management.server.port`). */
  healthPort: integer(1, 65535).exactOptional(),
};

/** What the rollout knows about any host. */
const hostFields = {
  name,
  ...slotFields,
  /** Such as a rack or an availability zone; hosts of different zones are never rolled side by side. */
  zone: name.exactOptional(),
  /** Where a new JVM can start beside the old one; absent if there is only one place. */
  second: z.strictObject(slotFields).exactOptional(),
};

/** What the rollout knows about any nginx. */
const proxyFields = {
  address,
  port: integer(1, 65535),
  /** The port for HTTPS, if it serves that, too. */
  tlsPort: integer(1, 65535).exactOptional(),
  /** The name that clients use, if it is known. */
  serverName: text.exactOptional(),
};

/** Where only the rollout reaches an nginx, on the loopback address of its machine. */
export const controlPort = integer(1, 65535);

/** A host, for nginx. */
export const poolMember = z.object(hostFields);

/** An app host of any kind; its kind reads the other fields. */
export const hostPlace = z.looseObject({ kind: text, ...hostFields });
export type HostPlace = Pick<z.infer<typeof hostPlace>, "kind" | keyof typeof hostFields>;

/** An nginx of any kind; its kind reads the other fields. */
export const proxyPlace = z.looseObject({ kind: text, ...proxyFields });
export type ProxyPlace = Pick<z.infer<typeof proxyPlace>, "kind" | keyof typeof proxyFields>;

/** The schema of a host of one kind. */
export function hostOf<Kind extends string, Fields extends z.ZodRawShape>(kind: Kind, fields: Fields) {
  return z.strictObject({ kind: z.literal(kind), ...hostFields, ...fields });
}

/** The schema of the nginx of one kind. */
export function proxyOf<Kind extends string, Fields extends z.ZodRawShape>(kind: Kind, fields: Fields) {
  return z.strictObject({ kind: z.literal(kind), ...proxyFields, ...fields });
}

/** The schema of the nginx in front of a fleet, of which there is at least one. */
export function proxiesOf<Place extends z.ZodType>(proxy: Place) {
  return z
    .array(z.unknown(), { error: (issue) => `expected a list of nginx, got ${show(issue.input)}` })
    .min(1, { error: "expected at least one nginx, got none" })
    .max(MAX_PROXIES, { error: `expected at most ${MAX_PROXIES} nginx` })
    .pipe(z.tuple([proxy], proxy));
}

/** The ports that a host occupies on its machine. */
export function portsOf(
  place: Pick<HostPlace, "name" | "address" | "port" | "healthPort" | "second">,
): number[] {
  return slotsOf(place).flatMap(({ port, healthPort = port }) => [port, healthPort]);
}
