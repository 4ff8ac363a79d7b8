import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { create } from "#provider/deployment.ts";
import { controlPortFor, freePort } from "../../../harness/freePort.ts";
import { request } from "../../../harness/request.ts";
import { until } from "../../../harness/until.ts";
import { inputsFor, newFleet } from "../../support/localDeployment.ts";
import { nginxSettings, serveNginx } from "../../support/nginx.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

test("after each roll, the access log names the new release for what every host answers", async () => {
  const directory = join(await temporaryDirectory(), "nginx");
  const [port, accessLog] = [await freePort(), { format: "json", rotateMegabytes: 100, keep: 5 } as const];
  const fleet = await newFleet(
    {},
    {
      serve: async (hosts) => {
        await serveNginx(nginxSettings({ directory, port, hosts, accessLog }));
        return { kind: "local", directory, address: "127.0.0.1", port, controlPort: controlPortFor(port) };
      },
    },
  );
  const linesAfter = async (count: number) => {
    const read = async () =>
      (await readFile(join(directory, "logs", "access.log"), "utf8")).split("\n").filter(Boolean);
    for (let sent = 0; sent < 8; sent++) await request(fleet.url);
    await until(async () => (await read()).length >= count, 5);
    return (await read()).map((line) => JSON.parse(line));
  };
  const answered: string[] = [];
  for (const version of ["1.0.0", "1.1.0"]) {
    const { inputs, release } = await inputsFor(fleet.request, { version });
    await create(inputs);
    answered.push(...Array.from({ length: 8 }, () => release));
    const lines = await linesAfter(answered.length);
    expect(lines.map((line) => line.release)).toEqual(answered);
    expect(new Set(lines.slice(-8).map((line) => line.upstream)).size).toBe(2);
  }
}, 60_000);
