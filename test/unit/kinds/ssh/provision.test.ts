import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { findExecutable } from "#kinds/local/findExecutable.ts";
import { provisionCommand, provisionHost, provisionNginx } from "#kinds/ssh/provision.ts";
import type { SshHostDescriptor, SshProxyDescriptor } from "#kinds/ssh/sshDescriptors.ts";
import { hostUnits, logUnitTexts, nginxTestUnit, nginxUnit } from "#kinds/ssh/units.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const run = promisify(execFile);
const place = { server: "s", sshConfig: "", address: "10.0.0.1", port: 8080 };
const deployer = userInfo().username;
const options = { deployer, account: "rollgate-prod", graceSeconds: 42, command: "sh", package: "" };

function host(directory: string, supervisor: "systemd" | "process" = "systemd"): SshHostDescriptor {
  return { kind: "ssh", name: "app-1", ...place, directory, supervisor, unit: "rollgate-prod-app-1" };
}

function proxy(directory: string): SshProxyDescriptor {
  return {
    kind: "ssh",
    ...place,
    controlPort: 20_080,
    directory,
    supervisor: "systemd",
    unit: "rollgate-prod-nginx",
  };
}

describe.skipIf(!(await findExecutable("systemd-analyze")))("systemd itself accepts", () => {
  const [first = "", second = ""] = Object.values(
    hostUnits(host("/srv/rollgate/prod/hosts/app-1"), "nobody", 42),
  );
  const [logUnit = ""] = Object.values(logUnitTexts(proxy("/srv/rollgate/prod/nginx"), "nobody"));
  const units: [string, string][] = [
    ["the unit of a host", first],
    ["the unit of its second slot", second],
    ["the unit of nginx", nginxUnit(proxy("/srv/rollgate/prod/nginx"), "nobody", 30)],
    ["the unit that tests a configuration", nginxTestUnit(proxy("/srv/rollgate/prod/nginx"), "nobody")],
    ["the unit that replaces a long log", logUnit],
  ];

  test.each(units)("%s, without a complaint", async (_, text) => {
    const file = join(await temporaryDirectory(), "rollgate-test.service");
    await writeFile(file, text.replaceAll("@nginx@", "/bin/true").replaceAll("nobody", "root"));
    const { stdout, stderr } = await run("systemd-analyze", ["verify", "--man=no", file]);
    const complaints = `${stdout}${stderr}`
      .split("\n")
      .filter((line) => line.includes("rollgate-test.service"));
    expect(complaints).toEqual([]);
  });
});

describe("the script that sets up a server", () => {
  const scripts: [string, string][] = [
    ["of a host", provisionHost(host("/srv/a"), { ...options, deployer: "deploy", package: "jre" })],
    ["of nginx", provisionNginx(proxy("/srv/n"), { ...options, deployer: "deploy", package: "nginx" })],
    ["of a host without systemd", provisionHost(host("/srv/a", "process"), options)],
  ];

  test.each(scripts)("%s is valid shell", (_, script) => {
    execFileSync("sh", ["-n"], { input: script });
  });

  /** The output of a command that the script's functions are there for; `stubs` replace commands of the server. */
  function call(script: string, command: string, stubs = ""): string {
    const functions = script.slice(0, script.indexOf("set -eu"));
    return execFileSync("sh", ["-eu"], { input: `${functions}\n${stubs}\n${command}`, encoding: "utf8" });
  }

  test("gives the deployer exact commands and no wildcards", async () => {
    const directory = await temporaryDirectory();
    const script = scripts[0]?.[1].replaceAll("/etc/sudoers.d", directory) ?? "";
    call(script, "allow_commands", "visudo() { :; }");
    const [file = "", ...others] = await readdir(directory);
    expect([file, ...others]).toEqual(["rollgate-prod-app-1"]);
    expect((await readFile(join(directory, file), "utf8")).split("\n")).toEqual([
      "# Written by rollgate: what a roll needs.",
      "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl start rollgate-prod-app-1.service",
      "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl stop rollgate-prod-app-1.service",
      "deploy ALL=(root) NOPASSWD: /usr/bin/journalctl --unit rollgate-prod-app-1.service --lines 200 --output cat --no-pager",
      "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl start rollgate-prod-app-1_b.service",
      "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl stop rollgate-prod-app-1_b.service",
      "deploy ALL=(root) NOPASSWD: /usr/bin/journalctl --unit rollgate-prod-app-1_b.service --lines 200 --output cat --no-pager",
      "",
    ]);
  });

  test("gives both slots of a host the same unit, apart from its name and the file it starts from", () => {
    const units = hostUnits(host("/srv/a"), "nobody", 42);
    const [[name, first] = ["", ""], [other, second] = ["", ""]] = Object.entries(units);
    expect([name, other]).toEqual(["rollgate-prod-app-1", "rollgate-prod-app-1_b"]);
    expect(first.match(/\/srv\/a\/start$/gm)).toHaveLength(2);
    expect(second).toBe(first.replaceAll("/srv/a/start", "/srv/a/start_b").replace("app-1:", "app-1_b:"));
  });

  test("writes the unit of the second slot on a server that was set up before, and leaves the first one alone", async () => {
    const directory = await temporaryDirectory();
    const script = scripts[0]?.[1].replaceAll("/etc/systemd/system", directory) ?? "";
    const systemctl = 'systemctl() { echo "systemctl $*"; }';
    const write = () => call(script, "write_units", systemctl).trim().split("\n");
    write();
    const [first, second] = ["rollgate-prod-app-1.service", "rollgate-prod-app-1_b.service"].map((name) =>
      join(directory, name),
    );
    const { ino } = await stat(first ?? "");
    await rm(second ?? "");
    expect(write()).toEqual([
      "systemctl daemon-reload",
      "systemctl --quiet enable rollgate-prod-app-1.service",
      "systemctl --quiet enable rollgate-prod-app-1_b.service",
    ]);
    expect((await stat(first ?? "")).ino).toBe(ino);
    expect(existsSync(second ?? "")).toBe(true);
    expect(write()).not.toContain("systemctl daemon-reload");
  });

  test("removes the units and rights of both slots, unless one belongs to another stack", async () => {
    const root = await temporaryDirectory();
    const [units, rights] = [join(root, "units"), join(root, "rights")];
    const at = (folder: string) =>
      provisionHost(host(folder), { ...options, deployer: "deploy" })
        .replaceAll("/etc/systemd/system", units)
        .replaceAll("/etc/sudoers.d", rights);
    for (const folder of [units, rights, join(root, "app-1")]) await mkdir(folder);
    const stubs = 'systemctl() { echo "systemctl $*"; }; visudo() { :; }; userdel() { :; }';
    const script = at(join(root, "app-1"));
    call(script, "write_units; allow_commands", stubs);
    expect(call(at(join(root, "other")), "remove_place", stubs)).toBe("");
    expect(await readdir(units)).toHaveLength(2);
    expect(call(script, "remove_place", stubs).trim().split("\n")).toEqual([
      "systemctl --quiet disable --now rollgate-prod-app-1.service",
      "systemctl --quiet disable --now rollgate-prod-app-1_b.service",
      "systemctl daemon-reload",
    ]);
    expect((await readdir(root)).sort()).toEqual(["rights", "units"]);
    expect([...(await readdir(units)), ...(await readdir(rights))]).toEqual([]);
  });

  test("creates the folders, changes nothing when it runs again, and removes what it created", async () => {
    const root = await temporaryDirectory();
    const directory = join(root, "stack", "hosts", "app-1");
    const script = provisionHost(host(directory, "process"), options);
    const provision = (action: string) => execFileSync("sh", ["-s", "--", action], { input: script });
    provision("install");
    const { ino } = await stat(join(directory, "releases"));
    await writeFile(join(directory, "releases", "kept"), "");
    provision("install");
    expect((await stat(join(directory, "releases"))).ino).toBe(ino);
    expect(existsSync(join(directory, "releases", "kept"))).toBe(true);
    expect((await stat(join(directory, "work"))).isDirectory()).toBe(true);
    provision("remove");
    expect(await readdir(root)).toEqual([]);
  });

  test("keeps what the application wrote next to the removed host, and says so", async () => {
    const directory = join(await temporaryDirectory(), "hosts", "app-1");
    const script = provisionHost(host(directory, "process"), options);
    const provision = (action: string) => String(execFileSync("sh", ["-s", "--", action], { input: script }));
    provision("install");
    await writeFile(join(directory, "work", "audit.log"), "audit");
    expect(provision("remove")).toContain(`the application's files are kept in ${directory}.work`);
    expect(await readdir(dirname(directory))).toEqual(["app-1.work"]);
    expect(await readFile(join(`${directory}.work`, "audit.log"), "utf8")).toBe("audit");
  });

  test("keeps the files of several removals apart", async () => {
    const directory = join(await temporaryDirectory(), "hosts", "app-1");
    const script = provisionHost(host(directory, "process"), options);
    const provision = (action: string) => String(execFileSync("sh", ["-s", "--", action], { input: script }));
    const kept = ["app-1.work", "app-1.work.1", "app-1.work.2"];
    for (const name of kept) {
      provision("install");
      await writeFile(join(directory, "work", "audit.log"), name);
      expect(provision("remove")).toBe(
        `the application's files are kept in ${join(dirname(directory), name)}\n`,
      );
    }
    expect((await readdir(dirname(directory))).sort()).toEqual(kept);
    for (const name of kept) {
      expect(await readFile(join(dirname(directory), name, "audit.log"), "utf8")).toBe(name);
    }
  });

  test.each([
    ["a host", "start", (directory: string) => provisionHost(host(directory, "process"), options)],
    [
      "a host in its second slot",
      "start_b",
      (directory: string) => provisionHost(host(directory, "process"), options),
    ],
    [
      "nginx",
      "nginx.conf",
      (directory: string) => provisionNginx({ ...proxy(directory), supervisor: "process" }, options),
    ],
  ])(
    "leaves all of %s that was not removed before, which its %s tells, and says so",
    async (_, file, make) => {
      const directory = join(await temporaryDirectory(), "stack", "place");
      const script = make(directory);
      const provision = (action: string) =>
        String(execFileSync("sh", ["-s", "--", action], { input: script }));
      provision("install");
      await writeFile(join(directory, file), "");
      const before = await readdir(directory);
      expect(provision("remove")).toBe(`${directory} is still in use and was left as it is\n`);
      expect(await readdir(directory)).toEqual(before);
      await rm(join(directory, file));
      expect(provision("remove")).toBe("");
      expect(existsSync(directory)).toBe(false);
    },
  );

  test.each([
    ["a host", "start", (directory: string) => provisionHost(host(directory), options)],
    ["a host in its second slot", "start_b", (directory: string) => provisionHost(host(directory), options)],
    ["nginx", "nginx.conf", (directory: string) => provisionNginx(proxy(directory), options)],
  ])("stops no unit of %s that is in use", async (_, inUse, scriptFor) => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, inUse), "");
    const printed = call(scriptFor(directory), "remove_place", 'systemctl() { echo "systemctl $*"; }');
    expect(printed).toBe(`${directory} is still in use and was left as it is\n`);
    expect(existsSync(join(directory, inUse))).toBe(true);
  });

  test("follows no link that the deployer put into its folder, and changes nothing behind it", async () => {
    const root = await temporaryDirectory();
    const directory = join(root, "app-1");
    const script = provisionHost(host(directory, "process"), options);
    const provision = () => execFileSync("sh", ["-s", "--", "install"], { input: script, stdio: "pipe" });
    provision();
    const target = join(root, "target");
    await mkdir(target, { mode: 0o700 });
    await rm(join(directory, "work"), { recursive: true });
    await symlink(target, join(directory, "work"));
    expect(provision).toThrow(/expected a folder owned by \S+, got something else: .*\/work/);
    expect((await stat(target)).mode & 0o777).toBe(0o700);
  });

  test("keeps secrets in a folder that others cannot see", async () => {
    const directory = join(await temporaryDirectory(), "app-1");
    const script = provisionHost(host(directory, "process"), options);
    execFileSync("sh", ["-s", "--", "install"], { input: script });
    expect((await stat(join(directory, "secrets"))).mode & 0o7777).toBe(0o2750);
  });

  test("names what is missing if nothing may be installed", async () => {
    const directory = join(await temporaryDirectory(), "app-1");
    const script = provisionHost(host(directory, "process"), { ...options, command: "/nowhere/java" });
    await mkdir(directory);
    const failing = () => execFileSync("sh", ["-s", "--", "install"], { input: script, stdio: "pipe" });
    expect(failing).toThrow(/expected \/nowhere\/java \(settings java and javaPackage\), found none/);
  });

  test("names everything that is missing at once, before anything is created", async () => {
    const root = await temporaryDirectory();
    const script = provisionHost(host(join(root, "app-1"), "process"), {
      ...options,
      command: "/nowhere/java",
    });
    const bin = join(root, "bin");
    await mkdir(bin);
    for (const tool of ["sh", "id"]) await symlink((await findExecutable(tool)) ?? "", join(bin, tool));
    // Debian's own folders, which the script adds, are there in an empty root only.
    const alone = script.replace(/^PATH=.*$/m, `PATH=${bin}`);
    for (const action of ["check", "install"]) {
      const failing = () => execFileSync("sh", ["-s", "--", action], { input: alone, stdio: "pipe" });
      expect(failing).toThrow(
        /expected awk, chown, cmp, flock, grep, sed, sha256sum, stat, timeout, \/nowhere\/java \(.*\), found none/,
      );
    }
    expect(existsSync(join(root, "app-1"))).toBe(false);
  });

  test("changes nothing when it only checks", async () => {
    const directory = join(await temporaryDirectory(), "app-1");
    const script = provisionHost(host(directory, "process"), options);
    execFileSync("sh", ["-s", "--", "check"], { input: script });
    expect(existsSync(directory)).toBe(false);
  });

  describe("for a part of an nginx that is not ours", () => {
    async function foreign() {
      const root = await temporaryDirectory();
      const [conf, rights, directory] = ["conf.d", "rights", "stack/nginx"].map((name) => join(root, name));
      for (const folder of [conf, rights]) await mkdir(folder ?? "");
      const script = provisionNginx(
        {
          ...proxy(directory ?? ""),
          foreign: { pidFile: "/run/nginx.pid", includeDirectory: conf ?? "" },
        },
        { ...options, command: "nginx" },
      ).replaceAll("/etc/sudoers.d", rights ?? "");
      const asRoot = "visudo() { :; }; nginx() { :; }; systemctl() { echo systemctl >&2; exit 1; }";
      const act = (action: string) =>
        execFileSync("sh", ["-s", "--", action], {
          input: script.replace("set -eu", `set -eu\n${asRoot}\nlook() { lacking=""; packages=""; }`),
          stdio: "pipe",
          encoding: "utf8",
        });
      return { root, conf: conf ?? "", rights: rights ?? "", directory: directory ?? "", script, act };
    }

    test("makes a folder and the one line that includes it, and removes both", async () => {
      const { root, conf, directory, act } = await foreign();
      for (const _ of ["once", "again"]) act("install");
      const [name = "", ...others] = await readdir(conf);
      expect(others).toEqual([]);
      expect(await readFile(join(conf, name), "utf8")).toBe(
        `# Written by rollgate for ${directory}.\ninclude ${directory}/live/http*.conf;\n`,
      );
      expect((await readdir(directory)).sort()).toEqual(["drained", "lease"]);
      act("remove");
      expect([await readdir(conf), (await readdir(root)).sort()]).toEqual([[], ["conf.d", "rights"]]);
    });

    test("gives the deployer a test of the whole configuration and a reload", async () => {
      const { rights, script } = await foreign();
      const others = script.replace(/^DEPLOYER=.*$/m, "DEPLOYER=deploy");
      call(others, "allow_commands", "visudo() { :; }; command() { echo /usr/sbin/nginx; }");
      expect((await readFile(join(rights, "rollgate-prod-nginx"), "utf8")).split("\n")).toEqual([
        "# Written by rollgate: what a roll needs.",
        "deploy ALL=(root) NOPASSWD: /usr/sbin/nginx -t -q",
        "deploy ALL=(root) NOPASSWD: /usr/bin/systemctl reload nginx.service",
        "",
      ]);
    });

    test("keeps a file of another program or stack", async () => {
      const { conf, directory, act } = await foreign();
      act("install");
      const [name = ""] = await readdir(conf);
      await writeFile(join(conf, name), "# mine\n");
      expect(() => act("install")).toThrow(
        `expected no file of another program or stack, got ${conf}/${name}`,
      );
      act("remove");
      expect(await readFile(join(conf, name), "utf8")).toBe("# mine\n");
      expect(existsSync(directory)).toBe(false);
    });

    test("leaves it while nginx still includes it", async () => {
      const { conf, directory, act } = await foreign();
      act("install");
      await mkdir(join(directory, "live"));
      expect(act("remove")).toBe(`${directory} is still in use and was left as it is\n`);
      expect(await readdir(conf)).toHaveLength(1);
    });

    test("asks for the folder that nginx includes, and installs no nginx", async () => {
      const { conf, script } = await foreign();
      await rm(conf, { recursive: true });
      const asked = 'look; echo "$lacking;$packages"';
      const printed = call(script, asked, 'has() { [ "$1" != nginx ]; }');
      expect(printed).toContain(`${conf}, whose files nginx includes`);
      expect(printed).toMatch(/nginx \(setting nginx\);\n$/);
    });
  });

  test("requires sudo and D-Bus only if the deployer is not root", () => {
    const [forOthers, forRoot] = ["deploy", "root"].map((deployer) =>
      provisionHost(host("/srv/a"), { ...options, deployer }),
    );
    const lacking = (script = "") =>
      call(
        script.replace("/run/dbus/system_bus_socket", "/nowhere"),
        'look; echo "$lacking"',
        "has() { false; }",
      );
    expect(lacking(forOthers)).toContain("sudo, dbus, ");
    expect(lacking(forRoot)).not.toMatch(/sudo|dbus/);
  });

  test("runs as root, with sudo unless the login is root, and without systemd as any account", () => {
    const [systemd, process] = [
      provisionCommand("install", "systemd"),
      provisionCommand("install", "process"),
    ];
    for (const command of [systemd, process]) {
      expect(command).toContain('if [ "$(id -u)" = 0 ]; then exec sh -s -- install; fi');
      expect(command).toContain("exec sudo -n sh -s -- install");
    }
    expect(systemd).toMatch(/expected root, or an account .*: set sshProvisionUser" >&2; exit 1$/);
    expect(process).toMatch(/\nexec sh -s -- install$/);
  });
});
