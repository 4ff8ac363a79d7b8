import { execFile } from "node:child_process";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { foreignConfiguration } from "#rollout/nginx/foreignConfiguration.ts";
import { ForeignNginxServer } from "#rollout/nginx/foreignNginxServer.ts";
import type { ForeignPlace } from "#rollout/nginx/foreignPlace.ts";
import type { NginxConfiguration } from "#rollout/nginx/nginxConfiguration.ts";
import { hashedName } from "#rollout/nginx/servedConfiguration.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { until } from "../../../../harness/until.ts";
import { type ForeignNginx, foreignNginx } from "../../../support/foreignNginx.ts";
import { serveHttp } from "../../../support/httpServer.ts";
import { NGINX } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const exec = promisify(execFile);

/** A foreign nginx whose certbot site includes our part, and that part. */
async function shared({ line = true } = {}) {
  const directory = join(await temporaryDirectory(), "a stack's", "nginx");
  const nginx = await foreignNginx(line ? [`include "${directory}/live/server*.conf";`] : []);
  const place: ForeignPlace = {
    directory,
    address: "127.0.0.1",
    port: await freePort(),
    controlPort: await freePort(),
    url: "https://shop.example.com",
    master: nginx.pidFile,
    executable: NGINX,
    means: "signal",
    httpFolder: nginx.httpFolder,
    name: "rollgate-shop",
  };
  const server = new ForeignNginxServer(new LocalMachine(), place);
  onTestFinished(() => server.access.close());
  return { nginx, server, directory, place };
}

function part(fingerprint: string, { port }: ForeignPlace, site = "return 200"): NginxConfiguration {
  const http = `server { listen 127.0.0.1:${port}; location / { return 200 "${fingerprint}"; } }\n`;
  const location = `location / { ${site} "${fingerprint}"; }\n`;
  return foreignConfiguration({ http, site: location }, { fingerprint, files: [] });
}

async function answer({ securePort }: ForeignNginx, path = "/"): Promise<string> {
  const { stdout } = await exec("curl", ["-sk", `https://127.0.0.1:${securePort}${path}`]);
  return stdout;
}

async function other({ plainPort }: ForeignNginx): Promise<string> {
  return (await exec("curl", ["-s", `http://127.0.0.1:${plainPort}/`])).stdout;
}

describe("an nginx that is not ours", { timeout: 30_000 }, () => {
  test("serves our part in its own server block, and is left as it was byte for byte", async () => {
    const { nginx, server, place } = await shared();
    const before = await nginx.files();
    await server.preflight();
    expect(await server.served()).toBeUndefined();
    const own = (["js", "conf", "page"] as const).map((kind) => ({ name: hashedName("", kind), text: "" }));
    const { files, ...rest } = part("one", place);
    const first = { ...rest, files: [...files, ...own] };
    await server.propose(first);
    await server.apply();
    await server.commit(first);
    await until(async () => (await answer(nginx)) === "one", 5);
    expect([await answer(nginx, "/static/"), await other(nginx)]).toEqual(["static", "other"]);
    expect(await server.served()).toBe(first.text);
    await server.access.status.write("{}\n");
    await server.removeFiles();
    expect(await nginx.files()).toEqual(before);
    await until(async () => (await answer(nginx)).includes("404"), 5);
    expect(await other(nginx)).toBe("other");
    await expect(access(place.directory)).rejects.toThrow("ENOENT");
    // Its server block still has our line, which matches nothing now.
    await exec(NGINX, ["-t", "-q", "-c", join(nginx.folder, "nginx.conf")]);
  });

  test("takes a change back, and goes on with what it had", async () => {
    const { nginx, server, place } = await shared();
    const [first, second] = [part("one", place), part("two", place)];
    for (const next of [first, second]) {
      await server.propose(next);
      await server.apply();
      if (next === first) await server.commit(first);
    }
    await until(async () => (await answer(nginx)) === "two", 5);
    expect(await server.served()).toBe(`${first.text}# a change was not confirmed\n`);
    for (const _ of ["once", "again, as after a broken connection"])
      expect(await server.restore()).toBe(true);
    await server.reload();
    await server.forgetKept();
    await until(async () => (await answer(nginx)) === "one", 5);
    expect(await server.served()).toBe(first.text);
  });

  test("goes on without our part if the first change is taken back", async () => {
    const { nginx, server, place } = await shared();
    const before = await nginx.files();
    await server.propose(part("one", place));
    await server.apply();
    await until(async () => (await answer(nginx)) === "one", 5);
    expect(await server.restore()).toBe(false);
    await until(async () => (await answer(nginx)).includes("404"), 5);
    expect(await nginx.files()).toEqual(before);
    expect(await server.served()).toBeUndefined();
  });

  test("rejects a line of ours in nginx's words, and touches nothing", async () => {
    const { nginx, server, place } = await shared();
    const first = part("one", place);
    await server.propose(first);
    await server.apply();
    await server.commit(first);
    await until(async () => (await answer(nginx)) === "one", 5);
    const before = await nginx.files();
    await expect(server.propose(part("two", place, "nonsense"))).rejects.toThrow(
      /^nginx rejected its configuration: .*unknown directive "nonsense" in .*\/live\/server\.conf:1\. Nothing was changed$/,
    );
    expect(await nginx.files()).toEqual(before);
    expect(await server.served()).toBe(first.text);
    expect(await answer(nginx)).toBe("one");
  });

  test("names the user's file if nginx rejects directives in it", async () => {
    const { nginx, server, directory, place } = await shared();
    const before = await nginx.files();
    const own = { name: hashedName("nonsense;\n", "conf"), text: "nonsense;\n", source: "conf/own.conf" };
    const { text, fingerprint, files } = part("1", place, `include "${directory}/${own.name}"; return 200`);
    await expect(server.propose({ text, fingerprint, files: [...files, own] })).rejects.toThrow(
      /^directives: nginx rejected conf\/own\.conf: .*unknown directive "nonsense" in conf\/own\.conf:1\. Nothing/,
    );
    expect(await nginx.files()).toEqual(before);
  });

  test("leaves nothing behind if its first configuration is rejected", async () => {
    const { nginx, server, place } = await shared();
    const before = await nginx.files();
    await expect(server.propose(part("one", place, "nonsense"))).rejects.toThrow("nonsense");
    expect(await nginx.files()).toEqual(before);
    expect(await server.served()).toBeUndefined();
  });

  test("says so if a foreign line does not go with ours", async () => {
    const { nginx, server } = await shared();
    await writeFile(join(nginx.folder, "conf.d", "zone.conf"), "limit_req_zone $uri zone=a:1m rate=1r/s;\n");
    await expect(
      server.propose(
        foreignConfiguration(
          { http: "limit_req_zone $uri zone=a:1m rate=1r/s;\n", site: "" },
          { fingerprint: "one", files: [] },
        ),
      ),
    ).rejects.toThrow(
      /^nginx rejected a line that is not ours, with ours in place: .*"a" is already bound .*zone\.conf:1\. Nothing was changed$/,
    );
    expect(await answer(nginx)).toContain("404");
  });

  test("says so if the configuration was broken before", async () => {
    const { nginx, server, place } = await shared();
    await writeFile(join(nginx.folder, "sites-enabled", "broken"), "server { nonsense; }\n");
    const before = await nginx.files();
    await expect(server.propose(part("one", place))).rejects.toThrow(
      /^nginx's configuration was broken before: .*unknown directive "nonsense" in .*sites-enabled\/broken:1\. Nothing was changed$/,
    );
    expect(await nginx.files()).toEqual(before);
    expect(await other(nginx)).toBe("other");
  });

  test("rejects a name that another server block has, about which nginx only warns", async () => {
    const { nginx, server } = await shared();
    const http = `server { listen 127.0.0.1:${nginx.plainPort}; server_name other.example.com; }\n`;
    await expect(
      server.propose(foreignConfiguration({ http }, { fingerprint: "one", files: [] })),
    ).rejects.toThrow(/conflicting server name "other\.example\.com".*Nothing was changed$/);
  });

  test("is not started if its owner has stopped it", async () => {
    const { nginx, server, place } = await shared();
    const first = part("one", place);
    await server.propose(first);
    await server.apply();
    await server.commit(first);
    await nginx.stop();
    expect(await server.isRunning()).toBe(false);
    const stopped = /^expected nginx to be running, found no process by .*nginx\.pid: start it first$/;
    await expect(server.preflight()).rejects.toThrow(stopped);
    await expect(server.propose(part("two", place))).rejects.toThrow(stopped);
    await server.removeFiles();
    await expect(access(place.directory)).rejects.toThrow("ENOENT");
  });

  test.each(["test", "reload"])("repairs a change that was killed before the %s", async (killedBefore) => {
    const { nginx, server, place } = await shared();
    const first = part("one", place);
    await server.propose(first);
    await server.apply();
    await server.commit(first);
    const bad = killedBefore === "test" ? "nonsense" : "return 200";
    // What a script leaves behind that is killed after it has switched the link.
    const { directory } = place;
    await server.machine.run(
      'cd "$1" && mkdir versions/two && printf "location / { %s two; }" "$2" > versions/two/server.conf && ln -s "$(readlink live)" before && ln -sfn versions/two live',
      [directory, bad],
    );
    expect(await server.served()).toBe(`${first.text}# a change was not confirmed\n`);
    const third = part("three", place);
    await server.propose(third);
    await server.apply();
    await server.commit(third);
    await until(async () => (await answer(nginx)) === "three", 5);
    expect(await server.served()).toBe(third.text);
    expect(await server.machine.run('ls "$1/versions"', [directory])).toMatch(/^three-\w+\n$/);
  });

  test("shows that our files, or the line that includes them, were edited", async () => {
    const { nginx, server, place } = await shared();
    const first = part("one", place);
    await server.propose(first);
    await server.apply();
    await server.commit(first);
    const file = join(nginx.httpFolder, "rollgate-shop.conf");
    const text = await readFile(file, "utf8");
    await writeFile(file, "");
    expect(await server.served()).toContain(`# ${file} is missing\n`);
    await writeFile(file, text);
    const site = join(nginx.folder, "sites-available", "shop");
    const block = await readFile(site, "utf8");
    await writeFile(site, block.replace(/include .*live.*;/, "# $&"));
    expect(await server.served()).toContain(
      `# expected a server block in ${nginx.folder} with the line "include ${place.directory}/live/server*.conf;", found none\n`,
    );
    await writeFile(site, block);
    expect(await server.served()).toBe(first.text);
    await writeFile(join(place.directory, "live", "server.conf"), "location / { return 200 edited; }\n");
    expect(await server.served()).not.toBe(first.text);
  });

  test("counts its connections to a host, and nobody else's", async () => {
    const { nginx, server, place } = await shared();
    const { port } = await serveHttp(() => {});
    const silent = part("one", place, `proxy_pass http://127.0.0.1:${port}; add_header X-Version`);
    await server.propose(silent);
    await server.apply();
    const client = new AbortController();
    onTestFinished(() => client.abort());
    void fetch(`http://127.0.0.1:${port}/`, { signal: client.signal }).catch(() => {});
    const ask = () => {
      const asked = exec("curl", ["-sk", `https://127.0.0.1:${nginx.securePort}/`], {
        signal: client.signal,
      });
      void asked.catch(() => {});
      return asked.child;
    };
    let asked = ask();
    await until(async () => {
      // An old worker may still have answered.
      if (asked.exitCode !== null) asked = ask();
      return (await server.access.connectionsTo("127.0.0.1", port)) === 1;
    }, 5);
    asked.kill("SIGKILL");
    await until(async () => (await server.access.connectionsTo("127.0.0.1", port)) === 0, 5);
  });

  test.skipIf(process.getuid?.() !== 0)("is refused if its workers can't see our flags", async () => {
    const directory = join(await temporaryDirectory(), "private", "nginx");
    await mkdir(join(directory, ".."), { mode: 0o700 });
    const nginx = await foreignNginx([], { workers: "nobody nogroup" });
    const { place } = await shared();
    const server = new ForeignNginxServer(new LocalMachine(), {
      ...place,
      ...{ directory, master: nginx.pidFile, httpFolder: nginx.httpFolder },
    });
    onTestFinished(() => server.access.close());
    await expect(server.preflight()).rejects.toThrow(
      /^expected a folder that nginx's workers can read, got .*\/private, which is closed to others: set directory to another one$/,
    );
  });

  test("keeps another program's file of the same name", async () => {
    const { nginx, server, place } = await shared();
    const file = join(nginx.httpFolder, "rollgate-shop.conf");
    await writeFile(file, "# mine\n");
    await expect(server.propose(part("one", place))).rejects.toThrow(
      `expected no file of another program or stack, got ${file}`,
    );
    await server.removeFiles();
    expect(await readFile(file, "utf8")).toBe("# mine\n");
  });
});
