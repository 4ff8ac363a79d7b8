import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { ProcessNginx } from "#rollout/nginx/nginxRunner.ts";
import { freePort } from "../harness/freePort.ts";

/** An nginx with a configuration that somebody wrote by hand. */
export class PlainNginx {
  readonly url: string;
  readonly directory: string;
  readonly machine: LocalMachine;
  readonly #runner: ProcessNginx;

  private constructor(url: string, directory: string, machine: LocalMachine, runner: ProcessNginx) {
    this.url = url;
    this.directory = directory;
    this.machine = machine;
    this.#runner = runner;
  }

  /** Answers at once, at each of these ports, and at the nginx's own. */
  static answering(ports: readonly number[]): (port: number) => string {
    const listens = ports.map((each) => `        listen 127.0.0.1:${each};\n`).join("");
    return (port) => `    server {
        listen 127.0.0.1:${port};
${listens}        location / { default_type application/json; return 200 '{"status":"UP"}'; }
    }
`;
  }

  /** Passes requests on to these ports, over kept connections. */
  static balancing(ports: readonly number[]): (port: number) => string {
    const servers = ports.map((each) => `        server 127.0.0.1:${each};\n`).join("");
    return (port) => `    upstream app {
${servers}        keepalive 64;
    }
    server {
        listen 127.0.0.1:${port};
        location / {
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
`;
  }

  static async start(
    executable: string,
    directory: string,
    http: (port: number) => string,
  ): Promise<PlainNginx> {
    const port = await freePort();
    await mkdir(join(directory, "logs"), { recursive: true });
    const account = process.getuid?.() === 0 ? "user root;\n" : "";
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `    ${name}_temp_path "${join(directory, name)}";\n`)
      .join("");
    await writeFile(
      join(directory, "nginx.conf"),
      `${account}worker_processes auto;
worker_rlimit_nofile 16384;
pid "${join(directory, "nginx.pid")}";
error_log "${join(directory, "logs", "error.log")}" warn;
events { worker_connections 8192; }
http {
    access_log off;
${temporary}${http(port)}}
`,
    );
    const machine = new LocalMachine();
    const runner = new ProcessNginx(machine, directory, executable);
    await runner.start();
    return new PlainNginx(`http://127.0.0.1:${port}`, directory, machine, runner);
  }

  async quit(): Promise<void> {
    await this.#runner.quit(2);
  }
}
