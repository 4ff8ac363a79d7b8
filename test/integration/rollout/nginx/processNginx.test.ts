import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { ProcessNginx } from "#rollout/nginx/nginxRunner.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { runningNginx } from "../../../../harness/nginxProcess.ts";
import { isAlive } from "../../../../harness/processTable.ts";
import { request } from "../../../../harness/request.ts";
import { listenOn, startNode } from "../../../support/child.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { localMachine, SHELLS } from "../../../support/localMachine.ts";
import { NGINX, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** A prefix with this `nginx.conf`. */
async function prefix(configuration: string): Promise<string> {
  const directory = await temporaryDirectory();
  for (const part of ["logs", "temp"]) await mkdir(join(directory, part));
  await writeFile(join(directory, "nginx.conf"), configuration);
  return directory;
}

describe.each(SHELLS)("nginx as a process on a machine with %s", (shell) => {
  async function runner(context: TestContext, directory: string): Promise<ProcessNginx> {
    return new ProcessNginx(await localMachine(shell, context), directory, NGINX);
  }

  describe("with an invalid configuration", () => {
    test("says why in one line of its own words", async (context) => {
      const nginx = await runner(context, await prefix("events {}\nhttp { check interval =3000; }\n"));
      await expect(nginx.test("nginx.conf")).rejects.toThrow(
        expect.objectContaining({
          code: "command-failed",
          message: expect.stringMatching(/^.*\[emerg\].* unknown directive "check" in .*nginx\.conf:2$/),
        }),
      );
    });

    test("does not start", async (context) => {
      const directory = await prefix("events {}\nhttp { server { listen 1.2.3.4.5; } }\n");
      await expect((await runner(context, directory)).start()).rejects.toThrow(/1\.2\.3\.4\.5/);
      expect(await runningNginx(directory)).toBeUndefined();
    });

    test("names the reason even when warnings come first", async (context) => {
      const twin = "server { listen 127.0.0.1:1; server_name a; }";
      const nginx = await runner(context, await prefix(`events {}\nhttp { ${twin} ${twin} }\nnonsense;\n`));
      await expect(nginx.test("nginx.conf")).rejects.toThrow(/\[emerg\].* unknown directive "nonsense"/);
    });
  });

  test("is recognised by its prefix, not by that of a neighbour", async (context) => {
    const directory = join(await temporaryDirectory(), "one");
    await mkdir(directory);
    expect(await (await runner(context, directory)).isRunning()).toBe(false);
    await serveNginx(nginxSettings({ directory, port: await freePort() }));
    expect(await (await runner(context, directory)).isRunning()).toBe(true);
    expect(await (await runner(context, `${directory}-2`)).isRunning()).toBe(false);
    expect(await (await runner(context, directory.slice(0, -1))).isRunning()).toBe(false);
  });

  test("is recognised in a directory with a space in its name", async (context) => {
    const directory = join(await temporaryDirectory(), "a b");
    await mkdir(directory);
    await serveNginx(nginxSettings({ directory, port: await freePort() }));
    expect(await (await runner(context, directory)).isRunning()).toBe(true);
  });

  test("is not confused with another command line that contains its prefix", async (context) => {
    const directory = await temporaryDirectory();
    await startNode(listenOn(await freePort()), {
      args: ["nginx: master process", "-p", directory, "-c", "x"],
    });
    expect(await (await runner(context, directory)).isRunning()).toBe(false);
  });

  /** An nginx before a host that answers after so long, with a request on its way. */
  async function busy(directory: string, afterMilliseconds: number) {
    const asked = Promise.withResolvers<void>();
    const { port: behind } = await serveHttp((_, answer) => {
      asked.resolve();
      setTimeout(() => answer.end("late"), afterMilliseconds).unref();
    });
    const port = await freePort();
    const hosts = [{ name: "app-1", address: "127.0.0.1", port: behind }];
    await serveNginx(nginxSettings({ directory, port, hosts }));
    await rm(join(directory, "drained", "app-1"));
    const master = await runningNginx(directory);
    if (master === undefined) throw new Error("nginx does not run");
    const answer = request(`http://127.0.0.1:${port}/`).catch((error: Error) => error.message);
    await asked.promise;
    return { master, answer };
  }

  test("stops once its requests are finished", async (context) => {
    const directory = await temporaryDirectory();
    const { master, answer } = await busy(directory, 400);
    await (await runner(context, directory)).quit(10);
    expect(await isAlive(master)).toBe(false);
    expect(await answer).toMatchObject({ status: 200, body: "late" });
  });

  test("is stopped anyway if it does not finish within the grace period", async (context) => {
    const directory = await temporaryDirectory();
    const { answer } = await busy(directory, 60_000);
    await (await runner(context, directory)).quit(0);
    expect(await runningNginx(directory)).toBeUndefined();
    expect(await answer).toBe("socket hang up");
  });

  test("counts as stopped if it is not running", async (context) => {
    await expect((await runner(context, await temporaryDirectory())).quit(1)).resolves.toBeUndefined();
  });
});
