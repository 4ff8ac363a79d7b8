import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { freePort } from "../../harness/freePort.ts";
import { until } from "../../harness/until.ts";
import { NGINX } from "./nginx.ts";
import { selfSigned } from "./selfSigned.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

const run = promisify(execFile);

/** An nginx that is not ours, in Debian's layout. */
export interface ForeignNginx {
  /** Of its configuration. */
  readonly folder: string;
  readonly httpFolder: string;
  readonly pidFile: string;
  /** The site with a certificate, which includes our part of it. */
  readonly securePort: number;
  /** Another site. */
  readonly plainPort: number;
  readonly reload: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Every file of its configuration, by path. */
  readonly files: () => Promise<Record<string, string>>;
}

/** How it is not as usual. */
export interface ForeignOptions {
  readonly executable?: string;
  /** At the top of its configuration. */
  readonly main?: string;
  /** The account of its workers, if root starts it. */
  readonly workers?: string;
  /** The name of the folder of its configuration; with a blank by default. */
  readonly name?: string;
  /** Lines of the site without a certificate. */
  readonly plainLines?: readonly string[];
}

/** Starts an nginx with two sites of somebody else's; the first one has these lines of ours. */
export async function foreignNginx(
  lines: readonly string[] = [],
  {
    executable = NGINX,
    main = "",
    workers = "root",
    plainLines = [],
    name = "etc nginx",
  }: ForeignOptions = {},
): Promise<ForeignNginx> {
  const folder = join(await temporaryDirectory(), name);
  const [securePort, plainPort] = [await freePort(), await freePort()];
  for (const name of ["conf.d", "sites-available", "sites-enabled", "tmp"])
    await mkdir(join(folder, name), { recursive: true });
  const certificate = await selfSigned();
  await copyFile(join(certificate, "key.pem"), join(folder, "privkey.pem"));
  await copyFile(join(certificate, "cert.pem"), join(folder, "fullchain.pem"));
  const pidFile = join(folder, "nginx.pid");
  const texts: Record<string, string> = {
    "nginx.conf": `${main}${process.getuid?.() === 0 ? `user ${workers};\n` : ""}worker_processes 2;
pid "${pidFile}";
error_log "${folder}/error.log";
events { worker_connections 768; }
http {
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    server_tokens off;
    gzip on;
    access_log "${folder}/access.log";
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `    ${name}_temp_path "${folder}/tmp/${name}";\n`).join("")}
    include "${folder}/conf.d/*.conf";
    include "${folder}/sites-enabled/*";
}
`,
    "sites-available/shop": `server {
    server_name shop.example.com; # managed by Certbot
    listen 127.0.0.1:${securePort} ssl; # managed by Certbot
    ssl_certificate "${folder}/fullchain.pem"; # managed by Certbot
    ssl_certificate_key "${folder}/privkey.pem"; # managed by Certbot
    root "${folder}/www";
    error_page 502 503 504 /50x.html;
    proxy_intercept_errors on;
    proxy_buffering off;
    add_header X-Foreign yes;
    location /static/ { return 200 "static"; }
${lines.map((line) => `    ${line}\n`).join("")}}
`,
    "sites-available/other": `server {
    listen 127.0.0.1:${plainPort};
    server_name other.example.com;
    location / { return 200 "other"; }
${plainLines.map((line) => `    ${line}\n`).join("")}}
`,
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text);
  for (const site of ["shop", "other"])
    await run("ln", ["-s", `../sites-available/${site}`, join(folder, "sites-enabled", site)]);
  await run(executable, ["-c", join(folder, "nginx.conf")]);
  const pid = async () => Number(await readFile(pidFile, "utf8").catch(() => "0"));
  const signal = async (name: NodeJS.Signals) => {
    const master = await pid();
    if (master > 0) process.kill(master, name);
  };
  const stop = async () => {
    await signal("SIGQUIT");
    await until(async () => (await pid()) === 0, 5).catch(() => signal("SIGKILL"));
  };
  onTestFinished(stop);
  await until(async () => (await pid()) > 0, 5);
  return {
    ...{ folder, httpFolder: join(folder, "conf.d"), pidFile, securePort, plainPort },
    reload: () => signal("SIGHUP"),
    stop,
    files: async () => {
      const names = await readdir(folder, { recursive: true, withFileTypes: true });
      const kept = names.filter((entry) => entry.isFile() && !/\.(log|pid)$/.test(entry.name));
      const paths = kept.map(({ parentPath, name }) => join(parentPath, name)).sort();
      return Object.fromEntries(
        await Promise.all(paths.map(async (path) => [path, await readFile(path, "utf8")])),
      );
    },
  };
}
