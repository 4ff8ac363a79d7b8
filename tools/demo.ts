import { Traffic, type TrafficReport } from "../harness/traffic.ts";
import { buildMarket } from "./buildMarket.ts";
import { reportFailure } from "./reportFailure.ts";
import { runPulumi } from "./runPulumi.ts";
import { SetupError } from "./setupError.ts";

const STACK = "demo";
const SETTINGS: Readonly<Record<string, string>> = { soakSeconds: "2", nginxPort: "8080" };
const REQUESTS_PER_SECOND = 250;

await (process.argv[2] === "down" ? down() : demo()).catch(reportFailure);

async function demo(): Promise<void> {
  say("1/4 Two releases of the sample application");
  const [old, next] = [await buildMarket({ version: "1.0.0" }), await buildMarket({ version: "1.1.0" })];
  await select();
  say("2/4 pulumi up: nginx, two app hosts, market 1.0.0");
  await up(old);
  say(`3/4 pulumi up: from 1.0.0 to 1.1.0, under ${REQUESTS_PER_SECOND} requests a second`);
  const traffic = new Traffic(await url(), REQUESTS_PER_SECOND);
  await configure("jar", next);
  console.log(rollingOrder(await pulumi(["preview", "--diff", "-s", STACK], { quietly: true })));
  await up(next);
  const seen = await traffic.stop();
  say("4/4 What the clients saw");
  console.log(describe(seen));
  say(`It keeps serving: ${await url()}/hello
  npm run --silent pulumi -- preview -s ${STACK}   nothing to do
  npm run --silent pulumi -- up -s ${STACK}        after: npm run --silent pulumi -- config set -s ${STACK} jar <your.jar>
  npm run demo:down                       remove everything`);
  if (seen.lost.length > 0) process.exitCode = 1;
}

async function down(): Promise<void> {
  await select();
  await pulumi(["destroy", "--yes", "--skip-preview", "-s", STACK]);
  await pulumi(["stack", "rm", "--yes", "-s", STACK]);
  say("The demo has been removed.");
}

async function select(): Promise<void> {
  await pulumi(["stack", "select", "--create", STACK], { quietly: true });
  for (const [key, value] of Object.entries(SETTINGS)) await configure(key, value);
}

async function configure(key: string, value: string): Promise<void> {
  await pulumi(["config", "set", "-s", STACK, key, value], { quietly: true });
}

async function up(jar: string): Promise<void> {
  await configure("jar", jar);
  await pulumi(["up", "--yes", "--skip-preview", "-s", STACK]);
}

async function url(): Promise<string> {
  return (await pulumi(["stack", "output", "url", "-s", STACK], { quietly: true })).trim();
}

/** The parts of a preview that show what is foreseen, and each host's old and new release. */
function rollingOrder(preview: string): string {
  const parts = [/^ +[+~] forecast .*$/m, /^ +~ rollingOrder[^\]]*\]: .*$[^\]]*\]: .*$/m];
  const shown = parts.flatMap((part) => part.exec(preview)?.[0] ?? []);
  return shown.length > 0 ? shown.join("\n") : preview;
}

/** Shows the roll's lines as they arrive, and the whole output only if something failed. */
async function pulumi(args: string[], { quietly = false } = {}): Promise<string> {
  const { code, output } = await runPulumi(args, {
    onLine: (line) => {
      const [rollLine] = /\[ *\d+\.\d s\] .*$/.exec(line) ?? [];
      if (!quietly && rollLine && line.includes("pulumi:pulumi:Stack")) console.log(`  ${rollLine}`);
    },
  });
  if (code !== 0) throw new SetupError(`pulumi ${args[0]} failed:\n${output}`);
  return output;
}

function describe({ sent, lost, versions, longestMilliseconds }: TrafficReport): string {
  const answers = Object.entries(versions).map(([version, count]) => `${version}: ${count}`);
  const lines = [
    `  ${sent} requests over keep-alive connections (GET, POST, slow GET of 500 ms)`,
    `  ${lost.length} lost`,
    `  answered by ${answers.join(", ")}; the slowest took ${longestMilliseconds} ms`,
    ...lost.slice(0, 10).map(({ request, reason }) => `  lost: ${request}: ${reason}`),
  ];
  return lines.join("\n");
}

function say(text: string): void {
  console.log(`\n${text}`);
}
