import { mkdir, rm, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import type { NginxSettings } from "#rollout/nginx/nginxSettings.ts";
import { freePort } from "../../harness/freePort.ts";
import { serveHttp } from "./httpServer.ts";
import { hostsInARow, NGINX, nginxSettings, serveNginx } from "./nginx.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** A site behind a real nginx with all its hosts admitted. */
export interface Site {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  readonly settings: NginxSettings;
  drain(...names: string[]): Promise<void>;
  admit(...names: string[]): Promise<void>;
}

/** Answers with what it was asked. */
export const echo: RequestListener = (asked, answer) => {
  answer.end(JSON.stringify({ url: asked.url, headers: asked.headers }));
};

/** Serves a site with these settings; `answer` is its application, which gets the name of each host. */
export async function serveSite(
  settings: Partial<NginxSettings>,
  { answer, size = 1, executable = NGINX }: SiteOptions = {},
): Promise<Site> {
  const directory = join(await temporaryDirectory(), "my nginx");
  const servers = await Promise.all(
    hostsInARow(size).map(({ name }) => serveHttp(answer?.(name) ?? echo, {})),
  );
  const hosts = hostsInARow(size).map((host, index) => ({ ...host, port: servers[index]?.port ?? 0 }));
  const port = await freePort();
  await mkdir(directory);
  const all = nginxSettings({ directory, port, hosts, ...settings });
  await serveNginx(all, executable);
  const flag = (name: string) => join(directory, "drained", name);
  const drain = async (...names: string[]) => {
    for (const name of names) await writeFile(flag(name), "");
  };
  const admit = async (...names: string[]) => {
    for (const name of names) await rm(flag(name), { force: true });
  };
  await admit(...all.hosts.map(({ name }) => name));
  return { url: `http://127.0.0.1:${port}`, port, directory, settings: all, drain, admit };
}

interface SiteOptions {
  readonly answer?: (host: string) => RequestListener;
  readonly size?: number;
  readonly executable?: string;
}
