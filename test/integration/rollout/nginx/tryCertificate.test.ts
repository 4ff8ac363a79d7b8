import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { type TlsFiles, tryCertificate } from "#rollout/nginx/tls/tryCertificate.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { encrypted, makeCertificate } from "../../../support/certificate.ts";
import { localNginxServer, NGINX } from "../../../support/nginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const trial = (files: TlsFiles) => tryCertificate(new LocalMachine(), NGINX, files);

describe("nginx itself", () => {
  test("loads a certificate and its key, and leaves nothing behind", async () => {
    const { files } = await makeCertificate();
    await trial(files);
  });

  test.each<
    [title: string, break_: (files: TlsFiles, folder: string) => Promise<Partial<TlsFiles>>, line: RegExp]
  >([
    [
      "a certificate that is missing",
      async (_, folder) => ({ certificate: join(folder, "none.pem") }),
      /^tls\.certificate: expected a certificate on nginx's machine, found no file \S+\/none\.pem$/,
    ],
    [
      "a key that is missing",
      async (_, folder) => ({ key: join(folder, "none.pem") }),
      /^tls\.key: expected a private key on nginx's machine, found no file \S+\/none\.pem$/,
    ],
    [
      "a key of another certificate",
      async () => ({ key: (await makeCertificate()).files.key }),
      /^tls\.key: expected the key of \S+\/cert\.pem, got another one: \S+\/key\.pem$/,
    ],
    [
      "an encrypted key",
      async ({ certificate, key }, folder) => {
        const made = { files: { certificate, key }, certificate: "", key: "" };
        await writeFile(join(folder, "encrypted.pem"), await encrypted(made));
        return { key: join(folder, "encrypted.pem") };
      },
      /^tls\.key: expected a key without a passphrase, got an encrypted one: \S+\/encrypted\.pem$/,
    ],
    [
      "a certificate in place of the key",
      async ({ certificate }) => ({ key: certificate }),
      /^tls\.key: expected a private key in PEM, got something else: \S+\/cert\.pem$/,
    ],
    [
      "a key in place of the certificate",
      async ({ key }) => ({ certificate: key }),
      /^tls\.certificate: expected a certificate in PEM, got something else: \S+\/key\.pem$/,
    ],
    [
      "a folder in place of the certificate",
      async (_, folder) => ({ certificate: folder }),
      /^tls\.certificate: expected a certificate in PEM, got something else: \S+$/,
    ],
    [
      "an empty key",
      async (_, folder) => {
        await writeFile(join(folder, "empty.pem"), "");
        return { key: join(folder, "empty.pem") };
      },
      /^tls\.key: expected a private key in PEM, got something else: \S+\/empty\.pem$/,
    ],
  ])("rejects %s, in one line that names the setting", async (_, breakIt, line) => {
    const { files } = await makeCertificate();
    const folder = join(await temporaryDirectory(), "broken");
    await mkdir(folder);
    await expect(trial({ ...files, ...(await breakIt(files, folder)) })).rejects.toThrow(line);
  });
});

test("the nginx that will serve tries a certificate under its own account, and its folder stays as it was", async () => {
  const directory = await temporaryDirectory();
  const server = localNginxServer({ directory, address: "127.0.0.1", port: await freePort() });
  const { files } = await makeCertificate();
  await server.tryCertificate?.(files);
  const { key } = (await makeCertificate()).files;
  await expect(server.tryCertificate?.({ ...files, key })).rejects.toThrow(
    /^tls\.key: expected the key of \S+\/cert\.pem, got another one: \S+\/key\.pem$/,
  );
  await expect(readFile(join(directory, "nginx.conf.new"))).rejects.toThrow("ENOENT");
});
