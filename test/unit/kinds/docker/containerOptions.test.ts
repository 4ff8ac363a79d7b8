import { describe, expect, test } from "vitest";
import { containerOptions } from "#kinds/docker/containerOptions.ts";
import { firstSlot, secondSlot } from "#kinds/docker/dockerSlot.ts";
import type { LaunchSpec } from "#rollout/host/launchSpec.ts";
import { dockerHost } from "../../../support/dockerHost.ts";

const container = { image: "jre:17", user: "10001:10001", memoryMegabytes: 512, milliCpus: 1500 };
const spec: LaunchSpec = {
  launch: { java: "/opt/java/bin/java", jvmOptions: ["-Xmx256m"], arguments: ["--debug"], container },
  environment: { DB_PASSWORD: "two words, $PATH and 'quotes'" },
};

const slot = firstSlot(dockerHost());

describe("the container of an app host", () => {
  test("runs one release, as an ordinary user and within its limits, and is not restarted before it has passed its gates", () => {
    expect(containerOptions(slot, "1.0.0-aaaaaaaaaaaa", "0123456789ab", spec)).toEqual({
      name: "shop-prod-app-1",
      Image: "jre:17",
      Hostname: "app-1",
      User: "10001:10001",
      WorkingDir: "/tmp",
      Entrypoint: ["/opt/java/bin/java"],
      Cmd: [
        "-Xmx256m",
        "-jar",
        "/rollgate/releases/1.0.0-aaaaaaaaaaaa/app.jar",
        "--server.port=8080",
        "--server.address=0.0.0.0",
        "--debug",
      ],
      Env: ["ROLLGATE_HOST=app-1", "DB_PASSWORD=two words, $PATH and 'quotes'"],
      Labels: {
        "rollgate.host": "app-1",
        "rollgate.slot": "app-1",
        "rollgate.release": "1.0.0-aaaaaaaaaaaa",
        "rollgate.launch": "0123456789ab",
      },
      StopSignal: "SIGTERM",
      Healthcheck: { Test: ["NONE"] },
      HostConfig: {
        NetworkMode: "shop-prod",
        Mounts: [{ Type: "volume", Source: "shop-prod-app-1", Target: "/rollgate", ReadOnly: true }],
        Memory: 536_870_912,
        MemorySwap: 536_870_912,
        NanoCpus: 1_500_000_000,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      },
      NetworkingConfig: {
        EndpointsConfig: { "shop-prod": { IPAMConfig: { IPv4Address: "10.77.0.11" }, Aliases: ["app-1"] } },
      },
    });
  });

  test("is the same in the second slot, but for its name, its address and its port", () => {
    const host = dockerHost({ second: { address: "10.77.0.253", port: 9000 } });
    const second = secondSlot(host);
    if (!second) throw new Error("expected a second slot");
    const [one, other] = [slot, second].map((each) => containerOptions(each, "1.0.0-a", "f", spec));
    expect(other).toEqual({
      ...one,
      name: "shop-prod-app-1_b",
      Cmd: one?.Cmd?.map((word) => (word === "--server.port=8080" ? "--server.port=9000" : word)),
      Labels: { ...one?.Labels, "rollgate.slot": "app-1_b" },
      NetworkingConfig: {
        EndpointsConfig: { "shop-prod": { IPAMConfig: { IPv4Address: "10.77.0.253" }, Aliases: ["app-1"] } },
      },
    });
  });

  test("runs a war from a file with the extension .war", () => {
    const { Cmd } = containerOptions(slot, "1.0.0-aaaaaaaaaaaa.war", "f", spec);
    expect(Cmd).toContain("/rollgate/releases/1.0.0-aaaaaaaaaaaa.war/app.war");
  });

  test("has no limits unless they are set", () => {
    const unlimited = { ...container, memoryMegabytes: 0, milliCpus: 0 };
    const { HostConfig } = containerOptions(slot, "1.0.0-a", "f", {
      ...spec,
      launch: { ...spec.launch, container: unlimited },
    });
    expect(HostConfig).toMatchObject({ Memory: 0, MemorySwap: 0, NanoCpus: 0 });
  });

  test("has no value of the environment in a label", () => {
    const { Labels } = containerOptions(slot, "1.0.0-a", "f", spec);
    expect(JSON.stringify(Labels)).not.toContain("two words");
  });

  test("needs an image", () => {
    const { container: _, ...launch } = spec.launch;
    expect(() => containerOptions(slot, "1.0.0-a", "f", { ...spec, launch })).toThrow(
      "app-1: expected an image to run in, got none",
    );
  });
});
