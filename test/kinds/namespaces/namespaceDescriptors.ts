import type { z } from "zod";
import { absolutePath, text } from "#rollout/request/fields.ts";
import { controlPort, hostOf, proxyOf } from "#rollout/request/places.ts";

const inNamespace = { namespace: text.min(1), directory: absolutePath };

/** An app host in a network namespace. */
export const namespaceHostDescriptor = hostOf("namespaces", inNamespace);
export type NamespaceHostDescriptor = z.infer<typeof namespaceHostDescriptor>;

/** An nginx in a network namespace. */
export const namespaceProxyDescriptor = proxyOf("namespaces", { ...inNamespace, controlPort });
export type NamespaceProxyDescriptor = z.infer<typeof namespaceProxyDescriptor>;
