import type Docker from "dockerode";
import { RollgateError } from "#rollout/common/errors.ts";
import type { LaunchSpec } from "#rollout/host/launchSpec.ts";
import { archiveName } from "#rollout/release/release.ts";
import type { DockerSlot } from "./dockerSlot.ts";

/** Labels of an app host's container: what it runs, how, and in which slot. */
export const LABELS = {
  host: "rollgate.host",
  slot: "rollgate.slot",
  release: "rollgate.release",
  launch: "rollgate.launch",
} as const;

/** Where a container has the files of its host. */
export const FILES = "/rollgate";

/** The folder of a release inside the container. */
export function releaseInContainer(release: string): string {
  return `${FILES}/releases/${release}`;
}

/** What belongs to the libraries that releases share, inside the container. */
export function dependenciesInContainer(name: string): string {
  return `${FILES}/dependencies/${name}`;
}

/** The archive of a release inside the container. */
export function jarInContainer(release: string): string {
  return `${releaseInContainer(release)}/${archiveName(release)}`;
}

/**
 * The container for one release; Docker restarts it only once it has passed its gates. `start` says what Java should start, if
 * not the release's archive.
 */
export function containerOptions(
  slot: DockerSlot,
  release: string,
  fingerprint: string,
  { launch, environment }: LaunchSpec,
  start: readonly string[] = ["-jar", jarInContainer(release)],
): Docker.ContainerCreateOptions {
  const { container } = launch;
  if (!container) throw new RollgateError("no-image", `${slot.name}: expected an image to run in, got none`);
  return {
    name: slot.container,
    Image: container.image,
    Hostname: slot.host,
    User: container.user,
    WorkingDir: "/tmp",
    Entrypoint: [launch.java],
    Cmd: [
      ...launch.jvmOptions,
      ...start,
      `--server.port=${slot.port}`,
      // All of the container's addresses, whatever the application's own properties say.
      "--server.address=0.0.0.0",
      ...launch.arguments,
    ],
    Env: Object.entries({ ROLLGATE_HOST: slot.host, ...environment }).map(
      ([key, value]) => `${key}=${value}`,
    ),
    Labels: {
      [LABELS.host]: slot.host,
      [LABELS.slot]: slot.name,
      [LABELS.release]: release,
      [LABELS.launch]: fingerprint,
    },
    // The image's own may be one that a JVM does not stop at.
    StopSignal: "SIGTERM",
    // The image's own check doesn't know this application.
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      NetworkMode: slot.network,
      // The application can't write to its releases, nor read the launches next to them, which belong to root.
      Mounts: [{ Type: "volume", Source: slot.volume, Target: FILES, ReadOnly: true }],
      Memory: container.memoryMegabytes * 1024 * 1024,
      // No swap on top of the limit.
      MemorySwap: container.memoryMegabytes * 1024 * 1024,
      NanoCpus: container.milliCpus * 1_000_000,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
    },
    NetworkingConfig: {
      EndpointsConfig: {
        // Docker resolves an alias to the containers that run, so an empty slot is never meant.
        [slot.network]: { IPAMConfig: { IPv4Address: slot.address }, Aliases: [slot.host] },
      },
    },
  };
}
