import { execFile } from "node:child_process";
import { chmod, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { beforeAll, type TestContext } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { machineAbilities } from "#rollout/nginx/machineAbilities.ts";
import { DEBIAN_NGINX } from "../../harness/debianNginx.ts";
import { debianRoot, noDebianRoot } from "../../harness/debianRoot.ts";

const run = promisify(execFile);

/** How long the first call may take: it may make a Debian. */
export const NJS_NGINX_MILLISECONDS = 900_000;

/** An nginx with its JavaScript module, and the path of that module; or why there is none. */
export type NjsNginx =
  | { readonly executable: string; readonly module: string }
  | { readonly missing: string };

/** The nginx of this machine when it has the module, else one in a Debian 13 that shares this machine's network. */
export async function njsNginx(): Promise<NjsNginx> {
  const installed = await findExecutable("nginx");
  const own = installed && (await withModule(installed));
  if (own) return own;
  const reason = (await noDebianRoot()) ?? (await noMount());
  if (reason !== undefined)
    return { missing: `this machine's nginx has no JavaScript module, and ${reason}` };
  const executable = await writeWrapper(await debianRoot(DEBIAN_NGINX));
  return (await withModule(executable)) ?? { missing: `${executable} does not load its JavaScript module` };
}

/** For the tests of a file or a `describe`: a function that returns the nginx with its JavaScript module, or skips the test. */
export function useNjsNginx() {
  let nginx: NjsNginx;
  beforeAll(async () => {
    nginx = await njsNginx();
  }, NJS_NGINX_MILLISECONDS);
  return (context: TestContext) => ("missing" in nginx ? context.skip(nginx.missing) : nginx);
}

async function withModule(executable: string) {
  const { flavours, njsModule } = await machineAbilities(new LocalMachine(), executable);
  return flavours.includes("njs") ? { executable, module: njsModule ?? "" } : undefined;
}

async function noMount(): Promise<string | undefined> {
  return run("unshare", ["--mount", "--propagation", "private", "true"]).then(
    () => undefined,
    () => "nothing may be mounted here",
  );
}

/**
 * A command that is the root's nginx. It sees the tests' directories and works in the one that it is started in; its mount
 * goes when it ends.
 */
async function writeWrapper(root: string): Promise<string> {
  const wrapper = `${root}.nginx`;
  const temporary = tmpdir();
  await writeFile(
    `${wrapper}.${process.pid}`,
    `#!/bin/sh
exec unshare --mount --propagation private sh -c '
mkdir -p "${root}${temporary}"
mount --bind "${temporary}" "${root}${temporary}"
mount --bind /proc "${root}/proc"
mount --bind /dev "${root}/dev"
exec chroot "${root}" sh -c "cd \\"\\$0\\" 2>/dev/null; exec /usr/sbin/nginx \\"\\$@\\"" "$PWD" "$@"
' nginx "$@"
`,
  );
  await chmod(`${wrapper}.${process.pid}`, 0o755);
  await rename(`${wrapper}.${process.pid}`, wrapper);
  return wrapper;
}
