import { describe, expect, test } from "vitest";
import { read, refusal, withoutPulumi } from "../../support/settings.ts";

withoutPulumi();

const address = "127.0.0.1";

/** The second slots that the hosts get. */
async function seconds(hosts: readonly object[], settings: object = {}) {
  return (await read({ hosts, ...settings })).rollout.hosts.map(({ second }) => second);
}

describe("the second slot of a host", () => {
  test("has a port that follows from the first one, whichever other hosts there are", async () => {
    const one = { name: "app-1", port: 8081 };
    expect(await seconds([one])).toEqual([{ address, port: 18_081 }]);
    const high = { name: "app-2", port: 60_000, address: "10.0.0.2" };
    expect(await seconds([high, one])).toEqual([
      { address: "10.0.0.2", port: 50_000 },
      { address, port: 18_081 },
    ]);
  });

  test("has no port that Linux might have given to a client", async () => {
    const hosts = [22_767, 22_768].map((port, index) => ({ name: `app-${index + 1}`, port }));
    expect(await seconds(hosts)).toEqual([
      { address, port: 32_767 },
      { address, port: 12_768 },
    ]);
  });

  test("has the port that is set, and isn't there if that is 0", async () => {
    const hosts = [
      { name: "app-1", port: 8081, secondPort: 9001 },
      { name: "app-2", port: 8082, secondPort: 0 },
    ];
    expect(await seconds(hosts)).toEqual([{ address, port: 9001 }, undefined]);
  });

  test("has a health port of its own if the first one has, a common one or the host's", async () => {
    const hosts = [
      { name: "app-1", port: 8081, address: "10.0.0.1" },
      { name: "app-2", port: 8081, address: "10.0.0.2", healthPort: 9099, secondHealthPort: 9100 },
      { name: "app-3", port: 8081, address: "10.0.0.3", healthPort: 8081 },
    ];
    expect(await seconds(hosts, { healthPort: 9090 })).toEqual([
      { address: "10.0.0.1", port: 18_081, healthPort: 19_090 },
      { address: "10.0.0.2", port: 18_081, healthPort: 9100 },
      { address: "10.0.0.3", port: 18_081, healthPort: 18_081 },
    ]);
    const { nginx } = await read({ hosts, healthPort: 9090 });
    expect(nginx.hosts.map(({ second }) => second?.healthPort)).toEqual([19_090, 9100, 18_081]);
  });

  test("gives way to every port in the stack file if its own isn't set", async () => {
    const hosts = [
      { name: "app-1", port: 8081, healthPort: 8082 },
      { name: "app-2", port: 18_081, secondPort: 18_083 },
      { name: "app-3", port: 9000, address: "127.0.0.2" },
    ];
    expect(await seconds(hosts, { nginxPort: 18_082 })).toEqual([
      { address, port: 18_084, healthPort: 18_085 },
      { address, port: 18_083 },
      { address: "127.0.0.2", port: 19_000 },
    ]);
  });
});

describe("a second port is rejected with the name of its setting", () => {
  const one = { name: "app-1", port: 8081 };
  const two = { name: "app-2", port: 8082 };

  test.each<[title: string, settings: Record<string, unknown>, line: string]>([
    [
      "if it is none",
      { hosts: [{ ...one, secondPort: 70_000 }] },
      "hosts[0].secondPort: expected 1–65535, got 70000",
    ],
    [
      "if another host has it",
      { hosts: [one, { ...two, secondPort: 8081 }] },
      "hosts[1].secondPort: expected a unique address and port, got 127.0.0.1:8081 as in hosts[0]",
    ],
    [
      "if another host's health has it",
      {
        hosts: [
          { ...one, healthPort: 9090 },
          { ...two, healthPort: 9091, secondHealthPort: 9090 },
        ],
      },
      "hosts[1].secondHealthPort: expected a unique address and port, got 127.0.0.1:9090 as in hosts[0]",
    ],
    [
      "if it is the first one",
      { hosts: [{ ...one, secondPort: 8081 }] },
      "hosts[0].secondPort: expected a unique address and port, got 127.0.0.1:8081 as in hosts[0]",
    ],
    [
      "if health has no port of its own",
      { hosts: [{ ...one, secondHealthPort: 9090 }] },
      "hosts[0].secondHealthPort: expected no value without healthPort, got 9090",
    ],
    [
      "if there is no second slot",
      { hosts: [{ ...one, healthPort: 9090, secondPort: 0, secondHealthPort: 9091 }] },
      "hosts[0].secondHealthPort: expected no value without a second port, got 9091",
    ],
    [
      "if nginx has it",
      { hosts: [{ ...one, secondPort: 8080 }] },
      "nginxPort: expected a unique port, got 8080, the port of app-1",
    ],
  ])("%s", async (_, settings, line) => {
    expect(await refusal(settings)).toBe(`rollgate:${line}. Nothing was changed.`);
  });
});
