import type { DockerHostDescriptor, DockerProxyDescriptor } from "#kinds/docker/dockerDescriptors.ts";

/** A host on a Docker engine that nothing is wrong with. */
export function dockerHost(change: Partial<DockerHostDescriptor> = {}): DockerHostDescriptor {
  return {
    kind: "docker",
    name: "app-1",
    address: "10.77.0.11",
    port: 8080,
    engine: "unix:///nowhere/docker.sock",
    container: "shop-prod-app-1",
    volume: "shop-prod-app-1",
    network: "shop-prod",
    ...change,
  };
}

/** The nginx in front of it. */
export function dockerProxy(change: Partial<DockerProxyDescriptor> = {}): DockerProxyDescriptor {
  return {
    kind: "docker",
    engine: "unix:///nowhere/docker.sock",
    container: "shop-prod-nginx",
    address: "127.0.0.1",
    port: 8080,
    ...change,
  };
}

/** What the engine tells of a container of ours that runs; `change` is laid over its labels and its state. */
export function inspected(change: { labels?: object; state?: object } = {}): Record<string, unknown> {
  const labels = {
    "rollgate.host": "app-1",
    "rollgate.release": "1.0.0-aaaaaaaaaaaa",
    "rollgate.launch": "l",
  };
  return {
    Config: { Labels: { ...labels, ...change.labels } },
    State: { Running: true, Restarting: false, Pid: 4711, ExitCode: 0, ...change.state },
    HostConfig: { Memory: 0 },
  };
}
