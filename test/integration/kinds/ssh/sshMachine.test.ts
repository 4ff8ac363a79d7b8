import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { SshMachine } from "#kinds/ssh/sshMachine.ts";
import { listProcesses } from "../../../../harness/processTable.ts";
import { noSshd, type SshServer, SshServers } from "../../../../harness/ssh/sshServers.ts";
import { until } from "../../../../harness/until.ts";
import { serveHttp } from "../../../support/httpServer.ts";

const reason = await noSshd();

describe.skipIf(reason)("a server reached over SSH", () => {
  let servers: SshServers;
  let server: SshServer;

  beforeAll(async () => {
    servers = await SshServers.create();
    server = await servers.add("server-1");
    return () => servers.remove();
  });

  function open(name = "server-1"): SshMachine {
    const machine = new SshMachine({ server: name, sshConfig: servers.config });
    onTestFinished(() => machine.close());
    return machine;
  }

  describe("a command", () => {
    test("returns its output", async () => {
      expect(await open().run("echo one; echo two", [])).toBe("one\ntwo\n");
    });

    test.each(["it's", "$(touch /tmp/never) `id`", "a b\nc", "--help", "", "\\n \\ '\"'", "ünï"])(
      "gets %j unchanged",
      async (word) => {
        expect(await open().run('printf %s "$2"', ["first", word])).toBe(word);
      },
    );

    test("reads its standard input to the end, however long", async () => {
      const bytes = randomBytes(5_000_000);
      const chunks = function* () {
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
      };
      const file = join(server.directory, "upload");
      await open().run('cat > "$1"', [file], { input: Readable.from(chunks()) });
      expect((await readFile(file)).equals(bytes)).toBe(true);
    });

    test("may end before reading all its input", async () => {
      const input = Readable.from([randomBytes(3_000_000)]);
      expect(await open().run("echo enough", [], { input })).toBe("enough\n");
    });

    test("that fails is reported with its exit code and its last line", async () => {
      await expect(open().run("echo first >&2; echo 'no such thing' >&2; exit 3", [])).rejects.toMatchObject({
        code: "command-failed",
        exitCode: 3,
        message: "no such thing",
      });
    });

    test("whose output ends in anything is returned unchanged", async () => {
      const words = "a\nrollgate-ended:1\nrollgate-ended:2";
      expect(await open().run('printf %s "$1"', [words])).toBe(words);
    });

    test("that exits with ssh's own exit code is not mistaken for a broken connection", async () => {
      await expect(open().run("exit 255", [])).rejects.toMatchObject({
        code: "command-failed",
        exitCode: 255,
      });
    });

    test("that sudo refuses is reported as such", async () => {
      const script = "echo 'sudo: a password is required' >&2; exit 1";
      await expect(open().run(script, [])).rejects.toMatchObject({
        code: "sudo-refused",
        message: expect.stringContaining("server-1: sudo refused a command (sudo: a password is required)"),
      });
    });

    test("that takes too long is ended on the server too", async () => {
      const mark = `sleep ${30 + Math.random()}`;
      await expect(open().run(mark, [], { deadlineSeconds: 1 })).rejects.toMatchObject({
        code: "overdue",
        message: "server-1: a command took longer than 1 s",
      });
      const left = (await listProcesses()).filter(({ argv }) => argv.join(" ") === mark);
      expect(left).toEqual([]);
    });

    test("ends at once when it is cancelled", async () => {
      const controller = new AbortController();
      const running = open().run("sleep 20", [], { signal: controller.signal });
      setTimeout(() => controller.abort(new Error("not wanted")), 300);
      const began = performance.now();
      await expect(running).rejects.toThrow("not wanted");
      expect(performance.now() - began).toBeLessThan(3_000);
    });
  });

  test("the output of a login shell is not mistaken for an answer", async () => {
    await servers.configure(
      server,
      'ForceCommand printf "Welcome to server-1. "; eval "$SSH_ORIGINAL_COMMAND"',
    );
    expect(await open().run('printf "%s" "$1"', ["an answer"])).toBe("an answer");
    await servers.configure(server, "ForceCommand none");
  });

  test("an unknown host is not mistaken for a refusal by sudo", async () => {
    const script =
      'echo "sudo: unable to resolve host s: Name or service not known" >&2; echo broken >&2; exit 3';
    await expect(open().run(script, [])).rejects.toMatchObject({ code: "command-failed", message: "broken" });
  });

  test("twenty commands share one connection", async () => {
    const machine = open();
    const before = await servers.connections(server);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => machine.run(`echo ${index}`, [])),
    );
    expect(answers.map(Number)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(await servers.connections(server)).toBe(before + 1);
    await machine.close();
    await until(async () => (await servers.connections(server)) === before, 10);
  });

  describe("a shell on the server", () => {
    // A command is a process of timeout, whose parent is the shell.
    const shellOf = async (machine: SshMachine) =>
      Number(await machine.run("read -r _ _ _ parent _ < /proc/$PPID/stat; echo $parent", []));
    // A server that was slow to let us in has a second one for commands that may take longer.
    const isShell = async (pid: number) => (await readFile(`/proc/${pid}/cmdline`, "utf8")) === "sh\0";

    test("runs one command after the other, each with its own output, exit code and deadline", async () => {
      const machine = open();
      const shell = await shellOf(machine);
      await expect(machine.run("echo no >&2; exit 3", [])).rejects.toThrow("no");
      await expect(machine.run("sleep 60", [], { deadlineSeconds: 1 })).rejects.toThrow("longer than 1 s");
      expect(await machine.run("cat; echo end", [])).toBe("end\n");
      expect(await isShell(shell)).toBe(true);
      expect(await isShell(await shellOf(machine))).toBe(true);
    });

    test.each([
      { what: "a short text", bytes: Buffer.from("it's \\n 100 %s\n$HOME `id`\n\n"), isPassedOn: true },
      { what: "no input", bytes: Buffer.from(""), isPassedOn: true },
      { what: "bytes that are no text", bytes: Buffer.from([0, 1, 255]), isPassedOn: false },
      { what: "a long text", bytes: Buffer.alloc(100_000, "x"), isPassedOn: false },
    ])("gives a command $what unchanged", async ({ bytes, isPassedOn }) => {
      const file = join(server.directory, "given");
      const script =
        'cat > "$1"; read -r _ _ _ parent _ < /proc/$PPID/stat; tr "\\0" " " < "/proc/$parent/cmdline"';
      const parent = await open().run(script, [file], { input: Readable.from([bytes]) });
      expect(await readFile(file)).toEqual(bytes);
      expect(parent.trim() === "sh").toBe(isPassedOn);
    });

    test("says why a command failed that did not read its input", async () => {
      const input = Readable.from(["x".repeat(60_000)]);
      await expect(open().run("exec < /dev/null; echo no >&2; exit 3", [], { input })).rejects.toThrow(
        /^no$/,
      );
    });

    test("is replaced when it was killed between two commands", async () => {
      const machine = open();
      const shell = await shellOf(machine);
      process.kill(shell, "SIGKILL");
      const another = await shellOf(machine);
      expect(another).toBeGreaterThan(0);
      expect(another).not.toBe(shell);
    });
  });

  describe("a connection", () => {
    test("leads to a port of the server and carries bytes in both directions", async () => {
      const { port } = await serveHttp((request, response) => response.end(`you asked for ${request.url}`));
      const stream = await open().connect("127.0.0.1", port);
      stream.end("GET /this HTTP/1.0\r\n\r\n");
      const chunks = await stream.toArray();
      expect(Buffer.concat(chunks).toString()).toContain("you asked for /this");
    });

    test("to a port that nobody listens on ends with an error that says so", async () => {
      const stream = await open().connect("127.0.0.1", 1);
      const failure = new Promise((resolve) => stream.once("error", resolve));
      stream.resume();
      expect(await failure).toMatchObject({
        message: expect.stringMatching(/127\.0\.0\.1:1 on server-1: Connection refused$/),
        code: "ECONNREFUSED",
      });
    });
  });

  describe("when the connection breaks", () => {
    test("in the middle of a command, the command runs again, and that is reported", async () => {
      const machine = open();
      const told: string[] = [];
      machine.onReconnect((message) => told.push(message));
      const file = join(server.directory, "runs");
      const script = 'echo run >> "$1"; [ $(wc -l < "$1") -gt 1 ] || sleep 15; cat "$1"';
      const running = machine.run(script, [file]);
      await until(() => existsSync(file));
      await servers.cut(server);
      expect(await running).toBe("run\nrun\n");
      expect(told).toEqual(["the connection to server-1 broke; reconnected"]);
    });

    test.each([
      { what: "does not run again once somebody else has the lease", unfenced: false },
      { what: "runs again whoever has the lease when it is about the lease itself", unfenced: true },
    ])("a command $what", async ({ unfenced }) => {
      const machine = open();
      machine.fence(async () => {
        throw new Error("somebody has taken over this fleet");
      });
      const file = join(server.directory, `runs-${unfenced}`);
      const script = 'echo run >> "$1"; [ $(wc -l < "$1") -gt 1 ] || sleep 15; cat "$1"';
      const running = machine.run(script, [file], { unfenced }).catch(String);
      await until(() => existsSync(file));
      await servers.cut(server);
      expect(await running).toBe(unfenced ? "run\nrun\n" : "Error: somebody has taken over this fleet");
      expect(await readFile(file, "utf8")).toBe(unfenced ? "run\nrun\n" : "run\n");
    });

    test("silently, that is noticed within ten seconds, and the command runs again", async () => {
      const machine = open();
      const file = join(server.directory, "silent-runs");
      const script = 'echo run >> "$1"; [ $(wc -l < "$1") -gt 1 ] || sleep 15; cat "$1"';
      const running = machine.run(script, [file]);
      await until(() => existsSync(file));
      await servers.freeze(server);
      expect(await running).toBe("run\nrun\n");
    });

    test("a short input is sent again", async () => {
      const machine = open();
      const file = join(server.directory, "inputs");
      const script = 'cat >> "$1"; [ $(wc -l < "$1") -gt 1 ] || sleep 15; cat "$1"';
      const running = machine.run(script, [file], { input: Readable.from(["text\n"]) });
      await until(async () => existsSync(file) && (await readFile(file, "utf8")) !== "");
      await servers.cut(server);
      expect(await running).toBe("text\ntext\n");
    });

    test("a server that comes back within the deadline is waited for", async () => {
      const machine = open();
      await machine.run("true", []);
      await servers.cut(server);
      await servers.stop(server);
      const running = machine.run("echo back", []);
      await sleep(1_500);
      await servers.start(server);
      expect(await running).toBe("back\n");
    });

    test("a server that stays away is reported as unreachable at the deadline", async () => {
      const machine = open();
      await machine.run("true", []);
      await servers.cut(server);
      await servers.stop(server);
      const began = performance.now();
      await expect(machine.run("true", [], { deadlineSeconds: 2 })).rejects.toMatchObject({
        code: "machine-unreachable",
        message: expect.stringMatching(/^server-1 cannot be reached: .*Connection refused/),
      });
      expect(performance.now() - began).toBeLessThan(4_000);
      await servers.start(server);
    });
  });

  describe("a login that does not work", () => {
    let other: SshServer;

    beforeAll(async () => {
      other = await servers.add("server-2");
    });
    beforeEach(() => writeFile(join(servers.directory, "known_hosts"), ""));

    test("because the host key changed is rejected and explained", async () => {
      await servers.trust(other);
      await servers.changeKey(other);
      await expect(open("server-2").run("true", [])).rejects.toMatchObject({
        code: "host-key-changed",
        message: expect.stringMatching(/^server-2: its host key differs from the known one .*known_hosts/),
      });
    });

    test("because the host key is unknown is rejected and explained", async () => {
      await expect(open("server-2").run("true", [])).rejects.toMatchObject({
        code: "host-key-unknown",
        message: expect.stringContaining("server-2: its host key is unknown: connect once by hand"),
      });
    });

    test("because the key is wrong is reported as such", async () => {
      await servers.trust(other);
      const config = join(servers.directory, "other_config");
      const text = await readFile(servers.config, "utf8");
      await writeFile(
        config,
        text.replace(/IdentityFile .*/, `IdentityFile ${servers.directory}/server-1.key`),
      );
      const machine = new SshMachine({ server: "server-2", sshConfig: config });
      onTestFinished(() => machine.close());
      await expect(machine.run("true", [])).rejects.toMatchObject({
        code: "login-refused",
        message: expect.stringMatching(/^server-2: the login was refused \(.*Permission denied/),
      });
    });

    test("because there is no such host is reported as such", async () => {
      await expect(open("nowhere.invalid").run("true", [], { deadlineSeconds: 1 })).rejects.toMatchObject({
        code: "machine-unreachable",
        message: expect.stringMatching(/^nowhere\.invalid cannot be reached: .*resolve/),
      });
    });

    test("because the configuration cannot be read is reported as such", async () => {
      const machine = new SshMachine({ server: "server-2", sshConfig: "/nowhere/config" });
      onTestFinished(() => machine.close());
      await expect(machine.run("true", [])).rejects.toMatchObject({ code: "ssh-configuration" });
    });
  });
});
