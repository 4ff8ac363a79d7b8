import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { certificateUnitTexts } from "#kinds/ssh/certificateUnits.ts";
import { provisionNginx } from "#kinds/ssh/provision.ts";
import type { SshProxyDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import type { TlsFiles } from "#rollout/nginx/tls/tryCertificate.ts";
import { encrypted, type MadeCertificate, makeCertificate } from "../../../support/certificate.ts";
import { NGINX } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const run = promisify(execFile);
const account = userInfo().username;
const unit = "rollgate-prod-nginx";
const proxy: SshProxyDescriptor = {
  ...{ kind: "ssh", server: "s", sshConfig: "", address: "10.0.0.1", port: 80, supervisor: "systemd", unit },
  ...{ directory: "/srv/rollgate/prod/nginx", controlPort: 20_080 },
};

/** A server of which the units and copies are in folders of a test. */
async function server() {
  const root = await temporaryDirectory();
  const [units, copies, original] = ["units", "copies", "original"].map((name) => join(root, name));
  if (!units || !copies || !original) throw new Error("no folder");
  for (const folder of [units, original]) await mkdir(folder);
  const files: TlsFiles = {
    certificate: join(original, "fullchain.pem"),
    key: join(original, "privkey.pem"),
  };
  const scriptFor = (certificate: TlsFiles | undefined) =>
    provisionNginx(proxy, {
      ...{ deployer: "root", account, graceSeconds: 30, command: NGINX, package: "" },
      ...(certificate && { certificate }),
    })
      .replaceAll("/etc/systemd/system", units)
      .replaceAll("/var/lib/rollgate", copies);
  return {
    files,
    units,
    copies: join(copies, unit),
    current: join(copies, unit, "current"),
    put: async (made: MadeCertificate) => {
      await copyFile(made.files.certificate, files.certificate);
      await copyFile(made.files.key, files.key);
    },
    /** Runs functions of the script that sets a server up, with a systemd that prints what it is asked. */
    call: async (command: string, certificate: TlsFiles | "none" = files) => {
      const script = scriptFor(certificate === "none" ? undefined : certificate);
      const functions = script.slice(0, script.indexOf("set -eu"));
      const child = run("sh", ["-euc", `${functions}\nsystemctl() { echo "systemctl $*"; }\n${command}`]);
      return (await child).stdout;
    },
  };
}

describe("root's copy of a certificate", () => {
  test("can be read by nginx's account, and the key by nobody else", async () => {
    const { current, put, call } = await server();
    const made = await makeCertificate();
    await put(made);
    await call("keep_certificate");
    expect(await readFile(join(current, "certificate.pem"), "utf8")).toBe(made.certificate);
    expect(await readFile(join(current, "key.pem"), "utf8")).toBe(made.key);
    const modes = ["certificate.pem", "key.pem", ""].map(
      async (name) => (await stat(join(current, name))).mode,
    );
    expect((await Promise.all(modes)).map((mode) => (mode & 0o777).toString(8))).toEqual([
      "644",
      "640",
      "755",
    ]);
    expect((await readdir(current)).sort()).toEqual(["certificate.pem", "key.pem", "source"]);
  });

  test("follows a renewal at once, and stays as it is without one", async () => {
    const { copies, current, put, call } = await server();
    await put(await makeCertificate());
    await call("keep_certificate");
    const before = await readlink(current);
    await call("keep_certificate");
    expect(await readlink(current)).toBe(before);
    const renewed = await makeCertificate();
    await put(renewed);
    await call("keep_certificate");
    expect(await readFile(join(current, "key.pem"), "utf8")).toBe(renewed.key);
    expect(await readdir(copies)).toHaveLength(2);
  });

  test("waits for the other file of a renewal that is under way", async () => {
    const { current, files, put, call } = await server();
    await put(await makeCertificate());
    await call("keep_certificate");
    const renewed = await makeCertificate();
    await copyFile(renewed.files.certificate, files.certificate);
    const copied = call("keep_certificate");
    await sleep(300);
    expect(await readFile(join(current, "certificate.pem"), "utf8")).not.toBe(renewed.certificate);
    await copyFile(renewed.files.key, files.key);
    await copied;
    expect(await readFile(join(current, "certificate.pem"), "utf8")).toBe(renewed.certificate);
  });

  test("is watched: of the files and their folders, and every hour", async () => {
    const { files, put, call } = await server();
    await put(await makeCertificate());
    const printed = await call("write_units; keep_certificate");
    expect(printed.split("\n").filter((line) => line.includes("-certificate."))).toEqual([
      `systemctl --quiet enable ${unit}-certificate.path`,
      `systemctl --quiet enable ${unit}-certificate.timer`,
      `systemctl restart ${unit}-certificate.path`,
      `systemctl restart ${unit}-certificate.timer`,
    ]);
    const texts = certificateUnitTexts(proxy, files, account, "# mark");
    expect(texts[`${unit}-certificate.path`]?.match(/PathChanged=.*/g)).toHaveLength(3);
  });

  test.each(["keep_certificate", "remove_place"])(
    "goes with its units when TLS or nginx does (%s)",
    async (command) => {
      const { units, copies, put, call } = await server();
      await put(await makeCertificate());
      await call("write_units; keep_certificate");
      const watchers = ["path", "timer"].map((kind) => `${unit}-certificate.${kind}`);
      const printed = await call(command, command === "keep_certificate" ? "none" : undefined);
      for (const watcher of watchers) expect(printed).toContain(`systemctl --quiet disable --now ${watcher}`);
      expect((await readdir(units)).filter((name) => name.includes("certificate"))).toEqual([]);
      await expect(readdir(copies)).rejects.toThrow("ENOENT");
    },
  );

  test.each<
    [title: string, breakIt: (files: TlsFiles, made: MadeCertificate) => Promise<void>, line: RegExp]
  >([
    [
      "missing",
      ({ certificate }) => rm(certificate),
      /expected a file on nginx's server, found no \S+\/fullchain\.pem/,
    ],
    [
      "encrypted",
      async ({ key }, made) => writeFile(key, await encrypted(made)),
      /expected a key without a passphrase, got an encrypted one: \S+\/privkey\.pem/,
    ],
    [
      "of another certificate",
      async ({ key }) => copyFile((await makeCertificate()).files.key, key),
      /expected the key of \S+\/fullchain\.pem, got another one: \S+\/privkey\.pem/,
    ],
    [
      "no key",
      ({ key }) => writeFile(key, "hello"),
      /expected a private key in PEM, got something else: \S+\/privkey\.pem/,
    ],
    [
      "no certificate",
      ({ certificate }) => writeFile(certificate, "hello"),
      /expected a certificate in PEM, got something else: \S+\/fullchain\.pem/,
    ],
  ])("is not made of a file that is %s: looking at it says so", async (_, breakIt, line) => {
    const { copies, files, put, call } = await server();
    const made = await makeCertificate();
    await put(made);
    expect(await call("look_at_certificate")).toBe(made.certificate);
    await breakIt(files, made);
    await expect(call("look_at_certificate")).rejects.toThrow(line);
    await expect(readdir(copies)).rejects.toThrow("ENOENT");
  });
});

describe.skipIf(!(await findExecutable("systemd-analyze")))("systemd itself accepts", () => {
  test.each([".service", ".path", ".timer"])("the unit for a certificate that ends in %s", async (suffix) => {
    const folder = await temporaryDirectory();
    const files = { certificate: "/etc/ssl/a.pem", key: "/etc/ssl/b.pem" };
    for (const [name, text] of Object.entries(certificateUnitTexts(proxy, files, "root", "# mark"))) {
      await writeFile(
        join(folder, name.includes(".") ? name : `${name}.service`),
        text.replaceAll("@nginx@", "/bin/true"),
      );
    }
    const file = `${unit}-certificate${suffix}`;
    const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", join(folder, file)]);
    expect(`${stdout}${stderr}`.split("\n").filter((line) => line.includes(file))).toEqual([]);
  });
});
