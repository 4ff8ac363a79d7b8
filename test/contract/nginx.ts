import { describe, expect, test } from "vitest";
import type { OpenNginx } from "#kinds/nginxKind.ts";
import type { NginxServer } from "#rollout/nginx/nginxServer.ts";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { isServed, serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { until } from "../../harness/until.ts";
import { nginxSettings } from "../support/nginx.ts";

const IN_TIME = { timeout: 60_000 };

/** Several times in a row, because old workers still answer for a moment after a reload. */
async function untilServed({ access }: NginxServer, fingerprint: string): Promise<void> {
  let inARow = 0;
  await until(async () => {
    const { body } = await access.getAnew("/rollgate/configuration", AbortSignal.timeout(5_000));
    inARow = Buffer.from(body).toString().endsWith(` ${fingerprint}`) ? inARow + 1 : 0;
    return inARow >= 5;
  }, 10);
}

/** The behaviour of every nginx, on any machine; `open` opens one for a test. */
export function describeNginx(open: () => Promise<OpenNginx>): void {
  async function serving() {
    const nginx = await open();
    const settings: NginxSettings = nginxSettings({ user: "root", ...(await nginx.settings()) });
    await serveConfiguration(nginx.server, settings, 5);
    return { ...nginx, settings, text: renderConfiguration(settings).text };
  }

  describe("nginx", IN_TIME, () => {
    test("reports what it supports", async () => {
      const { abilities } = await open();
      expect((await abilities())?.flavours).toContain("stock");
    });

    test("serves its configuration, and is left alone if that does not change", async () => {
      const { server, settings, text } = await serving();
      expect(await server.isRunning()).toBe(true);
      expect(await server.served()).toBe(text);
      expect(await serveConfiguration(server, settings, 5)).toBe("unchanged");
    });

    test("rejects a configuration in its own words, and keeps the current one", async () => {
      const { server, settings, text } = await serving();
      const broken = renderConfiguration({ ...settings, healthPath: "/a; nonsense" });
      await expect(server.propose(broken)).rejects.toThrow(
        expect.objectContaining({
          code: "nginx-refused",
          message: expect.stringMatching(/^nginx rejected its configuration: .*\[emerg\].*nonsense/),
        }),
      );
      expect(await server.served()).toBe(text);
    });

    test("shows an unconfirmed change, and goes back to what it served before", async () => {
      const { server, settings, text } = await serving();
      const { fingerprint } = renderConfiguration(settings);
      const other = renderConfiguration({ ...settings, healthPath: "/other" });
      await server.propose(other);
      await server.apply();
      await untilServed(server, other.fingerprint);
      expect(await server.served()).toBe(`${text}# a change was not confirmed\n`);
      for (const _ of ["once", "again, as after a broken connection"])
        expect(await server.restore()).toBe(true);
      await server.reload();
      await server.forgetKept();
      expect(await server.served()).toBe(text);
      await untilServed(server, fingerprint);
      expect(await serveConfiguration(server, settings, 5)).toBe("unchanged");
    });

    test("is not taken for serving a file that it has not read", async () => {
      const { server, settings, text } = await serving();
      const other = renderConfiguration({ ...settings, healthPath: "/other" });
      await server.propose(other);
      await server.machine.run('cd "$1" && mv nginx.conf.new nginx.conf', [settings.directory]);
      expect(await server.served()).toBe(other.text);
      expect([await isServed(server.access, other.text), await isServed(server.access, text)]).toEqual([
        false,
        true,
      ]);
      expect(await serveConfiguration(server, { ...settings, healthPath: "/other" }, 5)).toBe("reloaded");
      expect(await isServed(server.access, other.text)).toBe(true);
    });

    test("keeps its configuration until another is applied", async () => {
      const { server, settings, text } = await serving();
      await server.propose(renderConfiguration({ ...settings, healthPath: "/other" }));
      expect(await server.restore()).toBe(false);
      expect(await server.served()).toBe(text);
    });

    test("sees a flag appear and vanish", async () => {
      const { server } = await serving();
      const drained = async () => {
        const { body } = await server.access.get("/rollgate/drained", AbortSignal.timeout(5_000));
        return Buffer.from(body).toString().split(" ").includes("app-2");
      };
      await server.access.raiseFlag("app-2");
      expect([await server.access.isFlagged("app-2"), await drained()]).toEqual([true, true]);
      await server.access.lowerFlag("app-2");
      expect([await server.access.isFlagged("app-2"), await drained()]).toEqual([false, false]);
    });

    test("serves what a roll has left for /status, which changes nothing else", async () => {
      const { server, text } = await serving();
      const left = '{"format":1}\n';
      await server.access.status.write(left);
      expect(await server.access.status.read()).toBe(left);
      const { body } = await server.access.get("/status/roll", AbortSignal.timeout(5_000));
      expect(Buffer.from(body).toString()).toBe(left);
      expect(await server.served()).toBe(text);
    });

    test("shows a close-connections flag that was left behind", async () => {
      const { server, text } = await serving();
      await server.closeConnections(true);
      expect(await server.served()).toBe(`${text}# close-connections was left behind\n`);
      await server.closeConnections(false);
      expect(await server.served()).toBe(text);
    });

    test("has no connection to a host without requests", async () => {
      const { server } = await serving();
      expect(await server.access.connectionsTo("192.0.2.1", 8080)).toBe(0);
    });

    test("stores leases, and a living owner's is not over", async () => {
      const { leases } = await serving();
      const generation = ((await leases.newest())?.generation ?? 0) + 1;
      const record = { owner: "somebody", since: new Date().toISOString(), beat: 0, released: false };
      expect(await leases.claim(generation, record)).toBe(true);
      expect(await leases.claim(generation, { ...record, owner: "another" })).toBe(false);
      const newest = await leases.newest();
      expect(newest).toMatchObject({ generation, record });
      expect(newest && (await leases.isGone(newest.record))).toBe(false);
    });
  });
}

/** The behaviour of every nginx that the deployer itself starts and stops. */
export function describeOwnNginx(open: () => Promise<OpenNginx>): void {
  test("stops nginx and removes all our files", IN_TIME, async () => {
    const { server, settings } = await open();
    await serveConfiguration(server, nginxSettings({ user: "root", ...(await settings()) }), 5);
    await server.closeConnections(true);
    await server.access.status.write("{}\n");
    const { directory } = await settings();
    // As if that had been cut off once.
    await server.machine.run('cp "$1/roll.json" "$1/roll.json.new"', [directory]);
    await server.quit(5);
    expect(await server.isRunning()).toBe(false);
    await server.removeFiles();
    expect(await server.served()).toBeUndefined();
    expect(await server.machine.run('[ ! -e "$1" ] && echo gone', [directory])).toBe("gone\n");
  });
}
