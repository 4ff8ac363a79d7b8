import { X509Certificate } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { LocalNginxInputs } from "#kinds/local/localDescriptors.ts";
import { check, create } from "#provider/nginx.ts";
import type { TlsInputs } from "#rollout/request/frontDoor/tls.ts";
import { controlPortFor, freePort } from "../../harness/freePort.ts";
import { quitNginx } from "../../harness/nginxProcess.ts";
import { serving } from "../../harness/serving.ts";
import { type MadeCertificate, makeCertificate } from "./certificate.ts";
import { serveHttp } from "./httpServer.ts";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** An nginx of this machine to serve HTTPS in front of one application, which answers with what it is told. */
export interface LocalTls {
  readonly certificate: MadeCertificate;
  readonly inputs: LocalNginxInputs & { readonly tls: TlsInputs };
}

/** The inputs of one, with a certificate in files. */
export async function localTls(change: Partial<TlsInputs> = {}): Promise<LocalTls> {
  const directory = join(await temporaryDirectory(), "stack", "nginx");
  onTestFinished(() => quitNginx(directory, 5));
  const { port: application } = await serveHttp((asked, answer) => {
    asked.resume();
    const { host, "x-forwarded-proto": scheme, "x-forwarded-port": port } = asked.headers;
    answer.end(JSON.stringify({ status: "UP", method: asked.method, url: asked.url, host, scheme, port }));
  });
  const [port, tlsPort] = [await freePort(), await freePort()];
  const certificate = await makeCertificate();
  return {
    certificate,
    inputs: {
      kind: "local",
      directory,
      address: "127.0.0.1",
      port,
      tlsPort,
      controlPort: controlPortFor(port),
      executable: "nginx",
      ...serving,
      hosts: [{ name: "app-1", address: "127.0.0.1", port: application }],
      serverNames: ["shop.example.com"],
      tls: {
        ...certificate.files,
        port: tlsPort,
        http2: true,
        http3: false,
        profile: "intermediate",
        redirect: true,
        hstsSeconds: 0,
        ...change,
      },
    },
  };
}

/** Lets nginx serve them, with the application admitted; returns the inputs as `check` leaves them. */
export async function serveTls(
  inputs: LocalNginxInputs,
  olds: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  const { inputs: passed, failures } = await check({ olds, news: inputs });
  if (passed === undefined) throw new Error(`refused: ${JSON.stringify(failures)}`);
  await create(passed);
  await rm(join(inputs.directory, "drained", "app-1"), { force: true });
  return passed;
}

/** What `check` says is wrong. */
export async function refusalOf(inputs: LocalNginxInputs): Promise<string> {
  const { failures = [] } = await check({ olds: {}, news: inputs });
  return failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
}

/** The fingerprint by which clients see a certificate. */
export function fingerprintOf({ certificate }: MadeCertificate): string {
  return new X509Certificate(certificate).fingerprint256;
}
