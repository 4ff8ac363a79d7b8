import { parseArgs } from "node:util";
import { messageOf } from "#rollout/common/errors.ts";
import { identifyJar } from "#rollout/release/jar.ts";
import { baseImages } from "../harness/docker/baseImages.ts";
import { importImages, noCluster, startCluster } from "../harness/kubernetes/kubernetesCluster.ts";
import { type Answered, Traffic } from "../harness/traffic.ts";
import { nginxBefore } from "./support/kubernetes/nginxFleet.ts";
import { PodFleet, type PodRoll } from "./support/kubernetes/podFleet.ts";
import { frontOf } from "./support/kubernetes/podFront.ts";
import { releaseImage } from "./support/kubernetes/podImages.ts";
import { market } from "./support/market.ts";
import { validRequest } from "./support/rollRequest.ts";

/**
 * Rolls three pods of the sample application under 200 requests a second over connections that are kept, to an nginx in
 * front as to an ingress, and counts what clients lost; then it lets the new release fail in several ways. Exits with 1 if a
 * request was lost or a failed release is not taken back. `node test/onKubernetes.ts --rolls 5 --requests 10000`
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
const application = { repository: "rollgate-test/market", java: "java", jvmOptions: ["-Xmx160m"] };
const images = [nginx];
for (const { jar } of releases)
  images.push(await releaseImage(jre, application.repository, await identifyJar(jar)));
await importImages(images);
const fleet = await PodFleet.create("measured", 30020, application);
const { timing, health } = validRequest();
/** The faults of the sample application, and what may be lost by one. */
const FAULTS: Readonly<Record<string, PodRoll & { readonly mayLose?: boolean }>> = {
  "health-down": { health: { ...health, deadlineSeconds: 30 } },
  "exit-at-start": {},
  // Whoever is served by a JVM that halts loses a request.
  "crash-after-healthy": { timing: { ...timing, soakSeconds: 15 }, mayLose: true },
};
const frontOfPods = async () => {
  if (values.straight) return fleet.url;
  return values.nginx ? nginxBefore(fleet, nginx, 30022, "measured") : frontOf(fleet, nginx, 30021);
};
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
  const [good = "", next = ""] = releases.map(({ id }) => id);
  await fleet.roll(good);
  for (const [fault, { mayLose = false, ...roll }] of Object.entries(FAULTS)) {
    const traffic = new Traffic(url, 200);
    const failed = await fleet
      .roll(next, { ...roll, environment: { MARKET_FAULT: fault } })
      .then(() => `${fault} did not fail`, messageOf);
    const { sent, lost } = await traffic.stop();
    const isBack = failed.includes(`Now: market serves ${good} with 3 pods`);
    if (!isBack || (lost.length > 0 && !mayLose)) failures++;
    console.log(`${fault}: ${failed} ${lost.length} of ${sent} requests were lost.`);
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
