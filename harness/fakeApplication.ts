import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identifyJar, type Jar } from "#rollout/release/jar.ts";
import { writeJar } from "./zip.ts";

/** What the application of a fake jar does. */
export interface Behaviour {
  readonly version: string;
  /** The answer of its health endpoint; UP by default. */
  readonly health?: "UP" | "DOWN";
  readonly ignoresSigterm?: boolean;
  /** The extension of its file; `jar` by default. */
  readonly ending?: "jar" | "war";
  /** Prints a line and exits with this code instead of serving. */
  readonly exits?: number;
  /** Does so only on the host with this name. */
  readonly exitsOn?: string;
  /** Listens there, ignoring its arguments. */
  readonly port?: number;
  /** Runs, but listens nowhere. */
  readonly hangs?: boolean;
  /** Answers every so many requests with an error; health is no request. */
  readonly failsEvery?: number;
  /** Takes this many milliseconds for each request. */
  readonly takes?: number;
  /** Prints this many lines of 100 characters first. */
  readonly floods?: number;
}

// Understands the arguments the rollout passes to java, and answers every other path with how it was started. It stops at
// once, so requests in flight are lost.
const APPLICATION = `
const args = process.argv.slice(2);
if (args[0] === "-version") process.exit(0);
const option = (name) => args.find((arg) => arg.startsWith("--" + name + "="))?.slice(name.length + 3);
const jar = args[args.indexOf("-jar") + 1];
const [behaviour] = /\\{"version":.*?\\}/.exec(require("node:fs").readFileSync(jar, "latin1"));
const { version, health = "UP", ignoresSigterm, exits, exitsOn, port, hangs, floods = 0, failsEvery, takes = 0 } = JSON.parse(behaviour);
console.log(version + " starts");
for (let line = 0; line < floods; line++) console.log(String(line).padStart(100, "."));
if (exits !== undefined && (exitsOn ?? process.env.ROLLGATE_HOST) === process.env.ROLLGATE_HOST) {
  console.error("Error: this application cannot start");
  process.exit(exits);
}
process.on("SIGTERM", () => {
  console.log(version + " was asked to stop");
  if (!ignoresSigterm) process.exit(143);
});
const answer = { version, args, environment: process.env, directory: process.cwd() };
const served = port ?? Number(option("server.port"));
const healthPort = Number(option("management.server.port") ?? served);
let requests = 0;
if (hangs) setInterval(() => {}, 1000);
else for (const own of new Set([served, healthPort])) require("node:http")
  // Idle connections are kept as long as by Tomcat.
  .createServer({ keepAliveTimeout: 20_000 }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://app");
    if (pathname !== "/actuator/health" || own !== healthPort) {
      const fails = ++requests % failsEvery === 0;
      response.statusCode = fails ? 500 : request.method === "POST" ? 201 : 200;
      setTimeout(() => response.end(JSON.stringify(answer)), takes || Number(searchParams.get("ms")));
    } else response.writeHead(health === "UP" ? 200 : 503).end(JSON.stringify({ status: health }));
  })
  .listen(own, option("server.address"));
`;

/** A command that replaces java and runs fake jars; in this directory. */
export async function writeFakeJava(directory: string): Promise<string> {
  const java = join(directory, "java");
  await writeFile(`${java}.cjs`, APPLICATION);
  await writeFile(java, `#!/bin/sh\nexec "${process.execPath}" "$0.cjs" "$@"\n`, { mode: 0o755 });
  return java;
}

/** A jar that the fake java can run and that looks real. */
export async function writeFakeJar(
  { version, ending = "jar", ...rest }: Behaviour,
  directory: string,
): Promise<Jar> {
  const path = join(directory, `app-${version}.${ending}`);
  await writeJar(path, version, { "behaviour.json": JSON.stringify({ version, ...rest }) });
  return identifyJar(path);
}
