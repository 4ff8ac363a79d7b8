import pLimit from "p-limit";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ContainerSupervisor } from "#kinds/docker/containerSupervisor.ts";
import { firstSlot } from "#kinds/docker/dockerSlot.ts";
import { FileKeeper } from "#kinds/docker/fileKeeper.ts";
import { openDockerHost } from "#kinds/docker/openDockerHost.ts";
import { openEngine } from "#kinds/engine/openEngine.ts";
import { MachineAppHost } from "#rollout/host/machineAppHost.ts";
import type { ContainerSpec } from "#rollout/request/launch.ts";
import { dockerHost, inspected } from "../../../support/dockerHost.ts";
import { type EngineAnswer, fakeEngine } from "../../../support/fakeEngine.ts";
import { validRequest } from "../../../support/rollRequest.ts";

const image: ContainerSpec = { image: "jre:17", user: "10001", memoryMegabytes: 0, milliCpus: 0 };
const everything: Readonly<Record<string, EngineAnswer>> = {
  "GET /info": { NCPU: 2 },
  "GET /images/jre:17/json": { Id: "sha256:1" },
  "GET /volumes/shop-prod-app-1": { Name: "shop-prod-app-1" },
  "GET /networks/shop-prod": { Name: "shop-prod" },
};
const notThere = { statusCode: 404 };

/** What stands against a host whose engine has everything but what `change` says. */
async function preflight(change: Readonly<Record<string, EngineAnswer>> = {}, container = image) {
  const { url, asked } = await fakeEngine({ ...everything, ...change });
  const { launch, environment, health } = validRequest();
  const docker = openEngine(url);
  const keeper = new FileKeeper(docker, [], "shop-prod-nginx");
  const parts = openDockerHost(docker, keeper, Object(undefined), dockerHost({ engine: url }));
  const policy = { launch: { ...launch, container }, environment, health, uploads: pLimit(1) };
  const outcome = await new MachineAppHost(parts, policy).preflight(new AbortController().signal).then(
    () => "ready",
    ({ code, message }) => `${code}: ${message}`,
  );
  // Whatever comes out, nothing was changed.
  expect(asked.filter((request) => !request.startsWith("GET "))).toEqual([]);
  return outcome;
}

describe("before a roll, a host", () => {
  test("is ready if nothing runs yet, or a container of ours", async () => {
    expect(await preflight()).toBe("ready");
    expect(await preflight({ "GET /containers/shop-prod-app-1/json": inspected() })).toBe("ready");
  });

  test.each([
    [
      "image",
      "GET /images/jre:17/json",
      "no-image: app-1 is not ready: expected the image jre:17, got none on the engine",
    ],
    [
      "volume",
      "GET /volumes/shop-prod-app-1",
      "no-volume: app-1 is not ready: expected the volume shop-prod-app-1, got none on the engine",
    ],
    [
      "network",
      "GET /networks/shop-prod",
      "no-network: app-1 is not ready: expected the network shop-prod, got none on the engine",
    ],
  ])("is not ready without its %s", async (_, request, message) => {
    expect(await preflight({ [request]: notThere })).toBe(message);
  });

  test("may have all CPUs of the engine, but not more", async () => {
    expect(await preflight({}, { ...image, milliCpus: 2000 })).toBe("ready");
    expect(await preflight({}, { ...image, milliCpus: 2500 })).toBe(
      "too-few-processors: app-1 is not ready: expected at most the engine's 2 CPUs, got 2.5 (containerCpus)",
    );
  });

  test("is not ready while another container has its name", async () => {
    const foreign = inspected({ labels: { "rollgate.host": undefined } });
    expect(await preflight({ "GET /containers/shop-prod-app-1/json": foreign })).toBe(
      "name-taken: app-1 cannot tell who has its port: expected a container created by rollgate, got shop-prod-app-1 without its label",
    );
  });

  test("is not ready while another container has its address, but is with its own container being restarted", async () => {
    const having = (Name: string) => ({
      "GET /networks/shop-prod": { Containers: { id: { Name, IPv4Address: "10.77.0.11/24" } } },
    });
    expect(await preflight(having("billing"))).toBe(
      "port-taken: port 8080 of app-1 is taken by container billing, which has the address 10.77.0.11",
    );
    expect(await preflight(having("shop-prod-app-1"))).toBe("ready");
  });

  test("reports the engine's own message", async () => {
    expect(await preflight({ "GET /networks/shop-prod": { statusCode: 500 } })).toBe(
      "docker: app-1 is not ready: cannot see its network: /networks/shop-prod: 500",
    );
  });
});

describe("a container", () => {
  const INSPECT = "GET /containers/shop-prod-app-1/json";
  const UPDATE = "POST /containers/shop-prod-app-1/update";
  const STATS = "GET /containers/shop-prod-app-1/stats";

  async function supervise(answers: Readonly<Record<string, EngineAnswer>>) {
    const { url, asked } = await fakeEngine(answers);
    const machine = { run: async () => "MemTotal:  9000000 kB\nMemAvailable:    4000000 kB\n" };
    const supervisor = new ContainerSupervisor(openEngine(url), firstSlot(dockerHost()), machine);
    return { supervisor, asked };
  }

  describe("that may start from unpacked files", () => {
    const launch = { java: "java", jvmOptions: [], arguments: [], container: image };
    const revision = { release: "1.0.0-aaaaaaaaaaaa", launch: "l" };
    const unpacked = "@/rollgate/releases/1.0.0-aaaaaaaaaaaa/startup/start";

    /** What the new container runs, if that is what the engine says of its image and the machine of its files. */
    async function started(inspect: () => Promise<unknown>, run: () => Promise<string>) {
      const created: string[][] = [];
      const docker = Object({
        getImage: () => ({ inspect }),
        getContainer: () => ({ inspect: () => Promise.reject(Object.assign(new Error(), notThere)) }),
        createContainer: async ({ Cmd }: { Cmd: string[] }) => {
          created.push(Cmd);
          return { start: async () => {} };
        },
      });
      const supervisor = new ContainerSupervisor(
        docker,
        firstSlot(dockerHost()),
        { run },
        { directory: "/" },
      );
      await supervisor.prepare(revision, { launch, environment: {} }, true);
      await supervisor.start(revision, { launch, environment: {} });
      return created[0]?.find((word) => !word.startsWith("-"));
    }

    const known = async () => ({ Id: "sha256:1" });

    test("starts from its jar if they can't be looked at", async () => {
      const jar = "/rollgate/releases/1.0.0-aaaaaaaaaaaa/app.jar";
      expect(await started(known, async () => "unpacked\n")).toBe(unpacked);
      const broken = () => Promise.reject(new Error("read ECONNRESET"));
      expect(await started(broken, async () => "unpacked\n")).toBe(jar);
      expect(await started(known, broken)).toBe(jar);
    });

    test("starts from its jar if the look takes too long, before the start itself would be given up", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      onTestFinished(() => void vi.useRealTimers());
      const jar = started(known, () => new Promise(() => {}));
      await vi.advanceTimersByTimeAsync(25_000);
      expect(await jar).toBe("/rollgate/releases/1.0.0-aaaaaaaaaaaa/app.jar");
    });
  });

  test("that is stopped for good is left down by Docker; without one there is nothing to do", async () => {
    const { supervisor, asked } = await supervise({
      [INSPECT]: inspected({ state: { Running: false } }),
      [UPDATE]: {},
    });
    await supervisor.stopForGood(1);
    expect(asked).toEqual([INSPECT, INSPECT, UPDATE]);
    const empty = await supervise({});
    await empty.supervisor.stopForGood(1);
    expect(empty.asked).toEqual([INSPECT, INSPECT]);
  });

  test("needs as much memory as its limit allows, on the machine of the engine", async () => {
    const { supervisor } = await supervise({
      [INSPECT]: { ...inspected(), HostConfig: { Memory: 700_000_000 } },
    });
    expect(await supervisor.memory()).toEqual({ neededBytes: 700_000_000, availableBytes: 4_096_000_000 });
  });

  test.each([
    ["cgroup v1", { total_inactive_file: 50_000_000, inactive_file: 1 }],
    ["cgroup v2", { inactive_file: 50_000_000 }],
  ])("without a limit needs what the running one uses, without its cache (%s)", async (_, stats) => {
    const used = { memory_stats: { usage: 350_000_000, stats } };
    const { supervisor } = await supervise({ [INSPECT]: inspected(), [STATS]: used });
    expect(await supervisor.memory()).toEqual({ neededBytes: 300_000_000, availableBytes: 4_096_000_000 });
  });

  test("needs what its processes use if the engine has no statistics", async () => {
    const { supervisor } = await supervise({
      [INSPECT]: inspected(),
      [STATS]: { memory_stats: {} },
      "GET /containers/shop-prod-app-1/top": {
        Titles: ["PID", "RSS"],
        Processes: [
          ["4711", "200000"],
          ["4712", "1000"],
        ],
      },
    });
    expect(await supervisor.memory()).toEqual({ neededBytes: 205_824_000, availableBytes: 4_096_000_000 });
  });

  test("that does not run, or stops just now, says nothing about memory", async () => {
    const stopped = await supervise({ [INSPECT]: inspected({ state: { Running: false } }) });
    expect(await stopped.supervisor.memory()).toBeUndefined();
    const stopping = await supervise({ [INSPECT]: inspected(), [STATS]: { memory_stats: {} } });
    expect(await stopping.supervisor.memory()).toBeUndefined();
  });

  test.each([
    ["stops together with the first if the settings no longer have its slot", {}, 1],
    ["stays if they do", { second: { address: "10.77.0.253", port: 8080 } }, 0],
  ])("in a second slot %s", async (_, change, stops) => {
    const { url, asked } = await fakeEngine({
      "GET /containers/shop-prod-app-1_b/json": inspected(),
      "POST /containers/shop-prod-app-1_b/stop": {},
    });
    const place = dockerHost({ engine: url, ...change });
    const keeper = new FileKeeper(openEngine(url), [], "shop-prod-nginx");
    await openDockerHost(openEngine(url), keeper, Object(undefined), place).supervisor.stop(1);
    expect(asked.filter((request) => request === "POST /containers/shop-prod-app-1_b/stop")).toHaveLength(
      stops,
    );
  });
});
