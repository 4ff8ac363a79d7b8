import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { CommandFailed, type Machine } from "#rollout/machine/machine.ts";
import { freePort } from "../../harness/freePort.ts";
import { serveHttp } from "../support/httpServer.ts";

/** A machine, and the address at which it reaches this process; closed after the test. */
export interface OpenMachine {
  readonly machine: Machine;
  readonly address: string;
}

/** The behaviour of every machine. */
export function describeMachine(open: () => Promise<OpenMachine>): void {
  describe("a machine", () => {
    test("runs a script and returns its output", async () => {
      const { machine } = await open();
      expect(await machine.run("echo one; echo two >&2; echo three", [])).toBe("one\nthree\n");
      expect(await machine.run("", [])).toBe("");
    });

    test("passes arguments to a script unchanged, never as part of its text", async () => {
      const { machine } = await open();
      const words = ["it's", "$(touch /tmp/never) `id`", "a b\nc", "--help", "", "\\n \\ '\"'", "ünï"];
      const printed = await machine.run('for word; do printf "%s\\001" "$word"; done', words);
      expect(printed.split("\u0001").slice(0, -1)).toEqual(words);
    });

    test("passes a script its whole input, however long, and lets it end before reading it", async () => {
      const { machine } = await open();
      const bytes = randomBytes(3_000_000);
      const chunks = function* () {
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
      };
      const sum = await machine.run("sha256sum", [], { input: Readable.from(chunks()) });
      expect(sum.split(" ")[0]).toBe(createHash("sha256").update(bytes).digest("hex"));
      expect(await machine.run("echo enough", [], { input: Readable.from(chunks()) })).toBe("enough\n");
    });

    test("reports a failed script with its exit code and its last line", async () => {
      const { machine } = await open();
      const failing = machine.run("echo first >&2; echo 'no such thing' >&2; exit 44", []);
      await expect(failing).rejects.toMatchObject({ exitCode: 44, message: "no such thing" });
      const silent = await machine.run("exit 3", []).catch((error: unknown) => error);
      expect(silent).toBeInstanceOf(CommandFailed);
    });

    test("cancels a script after its deadline, and at once when asked to", async () => {
      const { machine } = await open();
      const began = performance.now();
      await expect(machine.run("sleep 60", [], { deadlineSeconds: 1 })).rejects.toThrow(
        /took longer than 1 s|no answer within 1 s/,
      );
      const given = new AbortController();
      const running = machine.run("sleep 60", [], { signal: given.signal });
      const outcome = expect(running).rejects.toThrow("given up");
      await sleep(200);
      given.abort(new Error("given up"));
      await outcome;
      expect(performance.now() - began).toBeLessThan(20_000);
      expect(await machine.run("echo still here", [])).toBe("still here\n");
    });

    test("opens connections to ports as seen from that machine", async () => {
      const { machine, address } = await open();
      const { port } = await serveHttp((_, response) => void response.end("hello"), {
        port: await freePort(address),
        address,
      });
      const stream = await machine.connect(address, port);
      onTestFinished(() => void stream.destroy());
      stream.write("GET / HTTP/1.0\r\n\r\n");
      let answer = "";
      for await (const chunk of stream) answer += chunk;
      expect(answer).toMatch(/^HTTP\/1\.1 200[\s\S]*hello$/);
    });
  });
}
