import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findAbilities } from "#kinds/local/findAbilities.ts";
import {
  findMaster,
  findNginx,
  quitNginx,
  runningNginx,
  startNginx,
  testConfiguration,
} from "#kinds/local/nginxProcess.ts";
import { isAlive } from "#kinds/local/processTable.ts";
import { listenOn, startNode } from "../../../support/child.ts";
import { freePort } from "../../../support/freePort.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { NGINX, nginxSettings, serveNginx } from "../../../support/nginx.ts";
import { request } from "../../../support/request.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** A prefix with this `nginx.conf`. */
async function prefix(configuration: string): Promise<string> {
  const directory = await temporaryDirectory();
  for (const part of ["logs", "temp"]) await mkdir(join(directory, part));
  await writeFile(join(directory, "nginx.conf"), configuration);
  return directory;
}

test("nginx that is not there is named", async () => {
  await expect(findNginx("/nowhere/nginx")).rejects.toThrow(
    expect.objectContaining({
      code: "nginx-missing",
      message: "expected nginx, found no executable /nowhere/nginx",
    }),
  );
});

test("what is executable but no nginx is named", async () => {
  const path = join(await temporaryDirectory(), "nginx");
  await writeFile(path, "#!/bin/sh\necho 'unknown option -V' >&2; exit 1\n");
  await chmod(path, 0o755);
  await expect(findAbilities(path)).rejects.toThrow(expect.objectContaining({ name: "RollgateError" }));
});

describe("a configuration that nginx refuses", () => {
  test("is refused in nginx's own words, one line of them", async () => {
    const directory = await prefix("events {}\nhttp { check interval =3000; }\n");
    await expect(testConfiguration(NGINX, directory, "nginx.conf")).rejects.toThrow(
      expect.objectContaining({
        code: "nginx-refused",
        message: expect.stringMatching(
          /^nginx refused its configuration: .*\[emerg\].* unknown directive "check" in .*nginx\.conf:2$/,
        ),
      }),
    );
  });

  test("does not start", async () => {
    const directory = await prefix("events {}\nhttp { server { listen 1.2.3.4.5; } }\n");
    await expect(startNginx(NGINX, directory)).rejects.toThrow(
      /^nginx refused its configuration: .*1\.2\.3\.4\.5/,
    );
    expect(await runningNginx(directory)).toBeUndefined();
  });

  test("is refused by the reason even when warnings come first", async () => {
    const twin = "server { listen 127.0.0.1:1; server_name a; }";
    const directory = await prefix(`events {}\nhttp { ${twin} ${twin} }\nnonsense;\n`);
    await expect(testConfiguration(NGINX, directory, "nginx.conf")).rejects.toThrow(
      /\[emerg\].* unknown directive "nonsense"/,
    );
  });
});

describe("a running nginx", () => {
  test("is known by its prefix, not by that of a neighbour", async () => {
    const directory = join(await temporaryDirectory(), "one");
    await mkdir(directory);
    expect(await runningNginx(directory)).toBeUndefined();
    await serveNginx(nginxSettings({ directory, port: await freePort() }));
    const master = await runningNginx(directory);
    expect(master?.argv[0]).toContain(`-p ${directory} `);
    expect(await runningNginx(`${directory}-2`)).toBeUndefined();
    expect(await runningNginx(directory.slice(0, -1))).toBeUndefined();
  });

  test("is known in a directory with a space in its name", async () => {
    const directory = join(await temporaryDirectory(), "a b");
    await mkdir(directory);
    await serveNginx(nginxSettings({ directory, port: await freePort() }));
    expect(await runningNginx(directory)).toBeDefined();
  });

  test("is not some other command line that names its prefix", async () => {
    const directory = await temporaryDirectory();
    const { pid } = await startNode(listenOn(await freePort()), {
      args: ["nginx: master process", "-p", directory, "-c", "x"],
    });
    expect(pid).toBeGreaterThan(0);
    expect(await runningNginx(directory)).toBeUndefined();
  });

  test("ends after the requests in flight", async () => {
    const directory = await temporaryDirectory();
    const asked = Promise.withResolvers<void>();
    const { port: behind } = await serveHttp((_, answer) => {
      asked.resolve();
      setTimeout(() => answer.end("late"), 400);
    });
    const port = await freePort();
    const hosts = [{ name: "app-1", address: "127.0.0.1", port: behind }];
    await serveNginx(nginxSettings({ directory, port, hosts }));
    await rm(join(directory, "drained", "app-1"));
    const master = await runningNginx(directory);
    if (master === undefined) throw new Error("nginx does not run");
    const late = request(`http://127.0.0.1:${port}/`);
    await asked.promise;
    await quitNginx(directory, 10);
    expect(await isAlive(master)).toBe(false);
    expect(await late).toMatchObject({ status: 200, body: "late" });
  });

  test("that does not finish within the grace is ended all the same", async () => {
    const directory = await temporaryDirectory();
    const asked = Promise.withResolvers<void>();
    const { port: behind } = await serveHttp(() => asked.resolve());
    const port = await freePort();
    const hosts = [{ name: "app-1", address: "127.0.0.1", port: behind }];
    await serveNginx(nginxSettings({ directory, port, hosts }));
    await rm(join(directory, "drained", "app-1"));
    const never = request(`http://127.0.0.1:${port}/`).catch((error: Error) => error.message);
    await asked.promise;
    await quitNginx(directory, 0);
    expect(await runningNginx(directory)).toBeUndefined();
    expect(await never).toBe("socket hang up");
  });

  test("that does not run is ended already", async () => {
    await expect(quitNginx(await temporaryDirectory(), 1)).resolves.toBeUndefined();
  });
});

test("only a master counts, and only one of this prefix", () => {
  const entry = { pid: 1, parentPid: 0, startTicks: "1" };
  const title = "nginx: master process /usr/sbin/nginx -p /srv/nginx -c /srv/nginx/nginx.conf";
  const master = { ...entry, argv: [title, "", ""] };
  const others = [
    { ...entry, argv: ["nginx: worker process", ""] },
    { ...entry, argv: [title.replaceAll("/srv/nginx", "/srv/nginx2")] },
    { ...entry, argv: ["vi", ...title.split(" ")] },
  ];
  expect(findMaster([...others, master], "/srv/nginx")).toBe(master);
  expect(findMaster(others, "/srv/nginx")).toBeUndefined();
});
