import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFakeJar, writeFakeJava } from "../../harness/fakeApplication.ts";
import { freePort } from "../../harness/freePort.ts";
import { type MadeCertificate, makeCertificateIn } from "../support/certificate.ts";
import { fingerprintOf } from "../support/localTls.ts";
import { secureRequest } from "../support/secureRequest.ts";
import { Project } from "./project.ts";

describe("a stack with a key as a secret, with the real CLI and a fake java", { timeout: 240_000 }, () => {
  let project: Project;
  let certificate: MadeCertificate;
  let tlsPort: number;
  const said: string[] = [];

  /** Keeps all that the CLI prints. */
  async function pulumi(...args: string[]) {
    const result = await project.pulumi(...args);
    said.push(result.output);
    return result;
  }

  async function put(made: MadeCertificate): Promise<void> {
    await pulumi("config", "set", "--path", "tls.certificate", "--", made.certificate);
    await pulumi("config", "set", "--secret", "--path", "tls.key", "--", made.key);
  }

  beforeAll(async () => {
    const ports = [await freePort(), await freePort()];
    tlsPort = await freePort();
    project = await Project.create("tls");
    certificate = await makeCertificateIn(project.directory, {});
    await project.configure({
      jar: (await writeFakeJar({ version: "1.0.0" }, project.directory)).path,
      java: await writeFakeJava(project.directory),
      nginxPort: ports[0] ?? 0,
      "serverNames[0]": "shop.example.com",
      "tls.port": tlsPort,
      "hosts[0].name": "app-1",
      "hosts[0].port": ports[1] ?? 0,
      soakSeconds: 0,
    });
    await put(certificate);
  }, 120_000);

  afterAll(async () => project?.remove(), 120_000);

  test("serves it, with nothing to do in a second preview, also after a refresh", async () => {
    expect((await pulumi("preview", "--diff")).output).toContain("[secret]");
    const { code, output } = await pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(await project.output("url")).toBe(`https://shop.example.com:${tlsPort}`);
    expect(await secureRequest(tlsPort, "/hello")).toMatchObject({
      status: 200,
      certificate: fingerprintOf(certificate),
    });
    expect((await pulumi("refresh", "--yes", "--skip-preview")).code).toBe(0);
    const preview = await pulumi("preview", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
  });

  test("shows another one in a preview as a change, serves it without a reload", async () => {
    const renewed = await makeCertificateIn(project.directory, {});
    await put(renewed);
    expect((await pulumi("preview", "--diff")).output).toContain("certificateHash");
    const { code, output } = await pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(output).toMatch(/nginx unchanged at https:\S+ \(\S+\) with a new certificate/);
    expect((await secureRequest(tlsPort, "/hello")).certificate).toBe(fingerprintOf(renewed));
  });

  test("shows its key in no output, and not in the state", async () => {
    const state = (await project.pulumi("stack", "export")).output;
    const stackFile = await readFile(join(project.directory, "Pulumi.tls.yaml"), "utf8");
    for (const text of [...said, state, stackFile]) {
      expect(text).not.toContain("PRIVATE KEY");
      expect(text).not.toContain(certificate.key.split("\n")[1]);
    }
    expect(state).toContain("certificateHash");
  });
});
