import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { parseArgs } from "node:util";
import { Streams } from "../harness/streams.ts";
import { Traffic } from "../harness/traffic.ts";
import { EVERY_FLEET, type Standing } from "./faults/everyFleet.ts";
import { type MadeCertificate, makeCertificateIn } from "./support/certificate.ts";
import { market } from "./support/market.ts";

/**
 * Rolls two hosts start-first behind HTTPS, on every kind, under 100 requests a second of HTTP/1.1 and 100 of HTTP/2,
 * with websockets and event streams open, and renews the certificate in the middle; exits with 1 if a request is lost.
 * `node test/frontDoor.ts --rolls 5 --requests 10000 --where containers`
 */
const { values } = parseArgs({
  options: {
    rolls: { type: "string", default: "5" },
    requests: { type: "string", default: "10000" },
    where: { type: "string", default: "" },
  },
});
const STREAMS = 10;
const PER_SECOND = 100;
const settings = {
  order: "start-first",
  timing: { soakSeconds: 3, settleSeconds: 5, slowestRequestSeconds: 1 },
} as const;
const [old, next] = [await market({ version: "1.0.0" }), await market({ version: "1.1.0" })];
const trusting = { rejectUnauthorized: false };
const folder = await mkdtemp(join(tmpdir(), "rollgate-certificates-"));
let failures = 0;

console.log("where            roll  exit    h1 sent  lost    h2 sent  lost  streams ended/reported  renewed");
try {
  for (const { where, reason, create } of EVERY_FLEET.filter((each) => each.where.includes(values.where))) {
    if (reason !== undefined) {
      console.log(`${where}: ${reason}`);
      continue;
    }
    const standing = await create(2, { second: true, secure: true });
    try {
      await secure(standing);
      await standing.fleet.roll({ ...settings, jar: old.jar });
      for (let roll = 1; roll <= Math.min(20, Number(values.rolls)); roll++) {
        const row = await rollOnce(standing, roll % 2 === 1 ? next.jar : old.jar);
        console.log(`${where.padEnd(16)} ${String(roll).padStart(4)} ${row}`);
      }
    } finally {
      await standing.remove();
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

/** Lets nginx serve HTTPS with a certificate in files. */
async function secure({ fleet, write }: Standing): Promise<void> {
  const { certificate, key } = await makeCertificateIn(folder, {});
  const files = { certificate: await write("cert.pem", certificate), key: await write("key.pem", key) };
  const tls = { ...files, port: tlsPortOf(fleet), http2: true, http3: false, profile: "intermediate" };
  await fleet.serveNginx({ tls: { ...tls, redirect: true, hstsSeconds: 0 } });
}

async function rollOnce({ fleet, write }: Standing, jar: string): Promise<string> {
  const url = `https://${fleet.proxy.address}:${tlsPortOf(fleet)}`;
  const clients = [
    new Traffic(url, PER_SECOND, { connect: trusting, allowH2: false }),
    new Traffic(url, PER_SECOND, { connect: trusting, allowH2: true, connections: 8, pipelining: 32 }),
  ] as const;
  const streams = await Streams.open(url, trusting, STREAMS);
  const renewed = await makeCertificateIn(folder, {});
  try {
    const [result, isServed] = await Promise.all([
      fleet.roll({ ...settings, jar }),
      renew(renewed, { fleet, write }),
    ]);
    while (clients.reduce((sum, { sent }) => sum + sent, 0) < Math.min(50_000, Number(values.requests)))
      await sleep(100);
    const [one, two] = [await clients[0].stop(), await clients[1].stop()];
    const lost = [...one.lost, ...two.lost];
    failures += lost.length + (result.code === 0 && isServed ? 0 : 1);
    if (result.code !== 0) console.log(result.output);
    for (const each of lost) console.log(each);
    // Each warning is repeated at the end.
    const warnings = result.output.match(/\S+ was stopped while \d+ connections?/g) ?? [];
    const reported = [...new Set(warnings)].map((warning) => /\d+(?= connection)/.exec(warning)?.[0]);
    return [
      String(result.code).padStart(5),
      String(one.sent).padStart(10),
      String(one.lost.length).padStart(5),
      String(two.sent).padStart(10),
      String(two.lost.length).padStart(5),
      `${streams.ended}/${reported.join("+")}`.padStart(23),
      isServed ? "yes" : "no",
    ].join(" ");
  } finally {
    streams.close();
    for (const client of clients) await client.stop();
  }
}

/** Replaces the files in the middle of a roll; returns whether the next handshake has the new certificate. */
async function renew(
  made: MadeCertificate,
  { write, fleet: { proxy } }: Pick<Standing, "write"> & { readonly fleet: Pick<Standing["fleet"], "proxy"> },
): Promise<boolean> {
  await sleep(4_000);
  await write("key.pem", made.key);
  await write("cert.pem", made.certificate);
  const socket = connect({ host: proxy.address, port: tlsPortOf({ proxy }), ...trusting });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256 === new X509Certificate(made.certificate).fingerprint256;
}

function tlsPortOf({ proxy }: Pick<Standing["fleet"], "proxy">): number {
  if (proxy.tlsPort === undefined) throw new Error("nginx has no port for HTTPS");
  return proxy.tlsPort;
}
