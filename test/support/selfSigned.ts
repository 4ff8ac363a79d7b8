import { execFile } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryDirectory } from "./temporaryDirectory.ts";

/** A folder with `key.pem`, and a certificate for 127.0.0.1 as `cert.pem` and as the `ca.pem` that it signed itself. */
export async function selfSigned(): Promise<string> {
  const folder = await temporaryDirectory();
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", "/CN=rollgate-test", "-addext", "subjectAltName=IP:127.0.0.1"];
  await promisify(execFile)("openssl", ["req", "-x509", "-days", "2", ...key, ...names, ...files]);
  await copyFile(join(folder, "cert.pem"), join(folder, "ca.pem"));
  return folder;
}
