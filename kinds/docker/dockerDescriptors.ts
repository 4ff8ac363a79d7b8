import type { z } from "zod";
import { show, text } from "#rollout/request/fields.ts";
import { hostOf, proxyOf } from "#rollout/request/places.ts";
import { servingInputs } from "../servingInputs.ts";

/** nginx's prefix inside the container: a volume, so that configuration and drains survive a new image. */
export const NGINX_DIRECTORY = "/rollgate";
/** The port inside the container; any account can bind it. */
export const NGINX_PORT = 8080;
/** The same for HTTPS. */
export const NGINX_TLS_PORT = 8443;
/** The port inside the container for the rollout only; not published. */
export const NGINX_CONTROL_PORT = 8079;

/** Where a Docker engine is, as in DOCKER_HOST; empty means where the docker CLI would look. */
const engine = text.regex(/^$|^(unix|npipe|tcp|http|https|ssh):\/\/\S+$/, {
  error: (issue) =>
    `expected unix:///…, tcp://host:port or ssh://user@host, or nothing for the docker CLI's own engine, got ${show(issue.input)}`,
});

/** An app host in a container; its releases are in a volume that outlives the container. */
export const dockerHostDescriptor = hostOf("docker", {
  engine,
  container: text,
  volume: text,
  network: text,
});
export type DockerHostDescriptor = z.infer<typeof dockerHostDescriptor>;

/** An nginx in a container; Docker publishes this address and port. */
export const dockerProxyDescriptor = proxyOf("docker", { engine, container: text });
export type DockerProxyDescriptor = z.infer<typeof dockerProxyDescriptor>;

/** The inputs of an nginx in a container. */
export const dockerNginxInputs = dockerProxyDescriptor.extend(servingInputs);
export type DockerNginxInputs = z.infer<typeof dockerNginxInputs>;
