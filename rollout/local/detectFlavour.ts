import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RollgateError } from "../errors.ts";
import type { Flavour } from "../rollRequest.ts";
import { testConfiguration } from "./nginxProcess.ts";

/**
 * The best flavour that an nginx can do: it is asked whether it knows the check module's directives, since
 * `nginx -V` shows only the folder that a module was built from, whatever its name.
 */
export async function detectFlavour(executable: string): Promise<Flavour> {
  const directory = await mkdtemp(join(tmpdir(), "rollgate-nginx-"));
  try {
    await writeFile(
      join(directory, "probe.conf"),
      `pid "${directory}/pid"; error_log stderr;
events {}
http { upstream probe { server 127.0.0.1:9; check interval=1000 type=tcp; } }
`,
    );
    await testConfiguration(executable, directory, "probe.conf");
    return "check-module";
  } catch (error) {
    if (error instanceof RollgateError && /unknown directive/.test(error.message)) return "stock";
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
