import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryDirectory } from "./temporaryDirectory.ts";

const run = promisify(execFile);
const DAY = 86_400_000;

/** A certificate and its key, as files and as text. */
export interface MadeCertificate {
  readonly files: { readonly certificate: string; readonly key: string };
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** As OpenSSL writes them, such as `DNS:shop.example.com`. */
  readonly names?: readonly string[];
  readonly commonName?: string;
  readonly from?: Date;
  readonly to?: Date;
}

const CONFIGURATION = `[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`;

/** Makes a self-signed certificate, by default for 127.0.0.1 and shop.example.com, and for 90 days. */
export async function makeCertificate(options: CertificateOptions = {}): Promise<MadeCertificate> {
  return makeCertificateIn(await temporaryDirectory(), options);
}

/** Makes it in this folder. */
export async function makeCertificateIn(
  cwd: string,
  {
    names = ["IP:127.0.0.1", "DNS:shop.example.com"],
    commonName = "rollgate test",
    from = new Date(Date.now() - DAY),
    to = new Date(Date.now() + 90 * DAY),
  }: CertificateOptions,
): Promise<MadeCertificate> {
  await writeFile(join(cwd, "ca.conf"), CONFIGURATION);
  await writeFile(join(cwd, "index.txt"), "");
  await writeFile(join(cwd, "serial"), "01\n");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"];
  const extension = names.length > 0 ? ["-addext", `subjectAltName=${names.join(",")}`] : [];
  const openssl = (...words: readonly string[]) => run("openssl", words, { cwd });
  await openssl("req", ...key, "-subj", `/CN=${commonName}`, ...extension, "-out", "request.pem");
  const dates = ["-startdate", utc(from), "-enddate", utc(to)];
  const sign = ["ca", "-batch", "-config", "ca.conf", "-selfsign", "-keyfile", "key.pem", "-notext"];
  await openssl(...sign, ...dates, "-in", "request.pem", "-out", "cert.pem");
  const files = { certificate: join(cwd, "cert.pem"), key: join(cwd, "key.pem") };
  return {
    files,
    certificate: await readFile(files.certificate, "utf8"),
    key: await readFile(files.key, "utf8"),
  };
}

/** Encrypts a key with a passphrase. */
export async function encrypted({ files }: MadeCertificate): Promise<string> {
  const words = ["pkcs8", "-topk8", "-passout", "pass:secret", "-in", files.key];
  return (await run("openssl", words)).stdout;
}

function utc(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}
