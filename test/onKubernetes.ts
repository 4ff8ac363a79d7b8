import { parseArgs } from "node:util";
import { baseImages } from "../harness/docker/baseImages.ts";
import { importImages, noCluster, startCluster } from "../harness/kubernetes/kubernetesCluster.ts";
import { type Answered, Traffic } from "../harness/traffic.ts";
import { nginxBefore } from "./support/kubernetes/nginxFleet.ts";
import { PodFleet } from "./support/kubernetes/podFleet.ts";
import { frontOf } from "./support/kubernetes/podFront.ts";
import { jarImage } from "./support/kubernetes/podImages.ts";
import { market } from "./support/market.ts";

/**
 * Rolls three pods of the sample application under 200 requests a second over connections that are kept, to an nginx in
 * front as to an ingress, and counts what clients lost; exits with 1 if that is anything. `node test/onKubernetes.ts --rolls 5 --requests 10000`
 */
const { values } = parseArgs({
  options: {
    rolls: { type: "string", default: "5" },
    requests: { type: "string", default: "10000" },
    // To the Service itself, where a kept connection ends with its pod.
    straight: { type: "boolean", default: false },
    // Through two pods of our nginx, as with expose.nginx.
    nginx: { type: "boolean", default: false },
  },
});
const reason = await noCluster();
if (reason !== undefined) {
  console.log(`not here: ${reason}`);
  process.exit(1);
}
const stop = await startCluster();
const { jre, nginx } = await baseImages();
const releases = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
const images = new Map<string, string>();
for (const { id, jar, version } of releases) images.set(id, await jarImage(jre, jar, version));
await importImages([...images.values(), nginx]);
const frontOfPods = async () => {
  if (values.straight) return fleet.url;
  return values.nginx ? nginxBefore(fleet, nginx, 30022, "measured") : frontOf(fleet, nginx, 30021);
};
const fleet = await PodFleet.create("measured", 30020, (release) => images.get(release) ?? "");
let failures = 0;
try {
  await fleet.roll(releases[0]?.id ?? "");
  const url = await frontOfPods();
  console.log("roll  seconds    sent  lost  slowest ms  p99 ms  counted  lost");
  for (let roll = 1; roll <= Math.min(20, Number(values.rolls)); roll++) {
    const traffic = new Traffic(url, 200);
    const { durationSeconds, ledger } = await fleet.roll(releases[roll % 2]?.id ?? "");
    while (traffic.sent < Number(values.requests)) await new Promise((resolve) => setTimeout(resolve, 100));
    const { sent, lost, longestMilliseconds, quick } = await traffic.stop();
    failures += lost.length;
    const [p99, counted] = [percentile(quick, 0.99), [ledger?.requests ?? "-", ledger?.lost ?? "-"]];
    const columns = [sent, lost.length, longestMilliseconds, p99, ...counted].map((each) =>
      String(each).padStart(8),
    );
    console.log(`${String(roll).padStart(4)} ${durationSeconds.toFixed(1).padStart(8)} ${columns.join(" ")}`);
    for (const { request, reason: why, atSeconds } of lost.slice(0, 10)) console.log(request, why, atSeconds);
  }
} catch (error) {
  failures++;
  console.log(fleet.lines.join("\n"), error);
} finally {
  await fleet.remove();
  await stop();
}

function percentile(answers: readonly Answered[], share: number): number {
  const sorted = answers.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
}
process.exitCode = failures === 0 ? 0 : 1;
