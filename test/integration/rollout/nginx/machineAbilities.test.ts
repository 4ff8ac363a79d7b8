import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { machineAbilities } from "#rollout/nginx/machineAbilities.ts";
import { useNjsNginx } from "../../../support/njsNginx.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const findAbilities = (executable: string) => machineAbilities(new LocalMachine(), executable);

/** A command that refuses a configuration as `complaint` says, in which the shell knows its file as $4. */
async function fakeNginx(complaint: string): Promise<string> {
  const path = join(await temporaryDirectory(), "nginx");
  await writeFile(
    path,
    `#!/bin/sh
if [ "$1" = -V ]; then echo "configure arguments: --modules-path=/own/modules --with-compat" >&2; exit 0; fi
${complaint}
`,
  );
  await chmod(path, 0o755);
  return path;
}

test("a stock nginx supports nothing more", async () => {
  const { flavours } = await findAbilities("nginx");
  expect(flavours.at(-1)).toBe("stock");
  expect(flavours).not.toContain("check-module");
});

test("an nginx that accepts the check module's directives has its flavour, whatever it was built from", async () => {
  // No nginx with the module is in any registry: this one knows every directive but those of the other module.
  const path = await fakeNginx(
    `grep -q js_ "$4" && echo '[emerg] unknown directive "js_periodic"' >&2 && exit 1; exit 0`,
  );
  expect(await findAbilities(path)).toMatchObject({ flavours: ["check-module", "stock"] });
});

test("a module that is built in needs no file", async () => {
  const path = await fakeNginx(
    `grep -q 'check interval' "$4" && echo '[emerg] unknown directive "check"' >&2 && exit 1; exit 0`,
  );
  const abilities = await findAbilities(path);
  expect(abilities).toMatchObject({ flavours: ["njs", "stock"] });
  expect(abilities).not.toHaveProperty("njsModule");
});

test("an nginx is asked for all of that at once, its own folder of modules included", async () => {
  const path = await fakeNginx(
    `grep -q '^load_module "/own/modules/' "$4" && exit 0; echo '[emerg] unknown directive' >&2; exit 1`,
  );
  const machine = new LocalMachine();
  const run = vi.spyOn(machine, "run");
  expect(await machineAbilities(machine, path)).toMatchObject({
    flavours: ["njs", "stock"],
    njsModule: "/own/modules/ngx_http_js_module.so",
  });
  expect(run).toHaveBeenCalledTimes(1);
});

test("the last of the usual folders of modules is tried, too, if nginx names one of them as its own", async () => {
  const path = await fakeNginx(
    `grep -q '^load_module "/usr/share/' "$4" && exit 0; echo '[emerg] unknown directive' >&2; exit 1`,
  );
  await writeFile(path, (await readFile(path, "utf8")).replace("/own/modules", "/usr/lib64/nginx/modules"));
  expect(await findAbilities(path)).toMatchObject({
    flavours: ["njs", "stock"],
    njsModule: "/usr/share/nginx/modules/ngx_http_js_module.so",
  });
});

test("another error of nginx is not mistaken for a missing module", async () => {
  const path = await fakeNginx(`echo '[emerg] mkdir() "/var/lib/nginx" failed' >&2; exit 1`);
  await expect(findAbilities(path)).rejects.toThrow(/mkdir\(\) "\/var\/lib\/nginx" failed/);
});

test("a missing nginx is named", async () => {
  await expect(findAbilities("/nowhere/nginx")).rejects.toThrow(
    expect.objectContaining({
      code: "nginx-missing",
      message: "expected nginx, found no executable /nowhere/nginx",
    }),
  );
});

test("an executable that is not nginx is named", async () => {
  const path = join(await temporaryDirectory(), "nginx");
  await writeFile(path, "#!/bin/sh\necho 'unknown option -V' >&2; exit 1\n");
  await chmod(path, 0o755);
  await expect(findAbilities(path)).rejects.toThrow(
    expect.objectContaining({
      code: "nginx-unusable",
      message: expect.stringContaining(`${path} -V failed`),
    }),
  );
});

describe("an nginx with its JavaScript module", () => {
  const withNjs = useNjsNginx();

  test("is recognised", async (context) => {
    const { executable } = withNjs(context);
    const { flavours, njsModule } = await findAbilities(executable);
    expect(flavours).toEqual(["njs", "stock"]);
    expect(njsModule ?? "/built-in.so").toMatch(/^\/.*\.so$/);
  });
});
