import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bounded, boundedHost } from "#rollout/machine/bounded.ts";
import { releaseId } from "#rollout/release/release.ts";
import { freePort } from "../../../../harness/freePort.ts";
import { fakeJar } from "../../../support/fakeJava.ts";
import { hangFile } from "../../../support/hangingFile.ts";
import { localHost } from "../../../support/localHost.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

/** Answers `ask` once it is told to. */
class Driver {
  readonly name = "app-1";
  asked = 0;
  readonly #answers: ((answer: string) => void)[] = [];

  async ask(question: string): Promise<string> {
    this.asked++;
    return new Promise((resolve) => {
      this.#answers.push((answer) => resolve(`${question} ${answer}`));
    });
  }

  async tell(): Promise<string> {
    return "told";
  }

  answer(): void {
    for (const answer of this.#answers.splice(0)) answer("answered");
  }
}

test("a call that ends in time returns its answer", async () => {
  const driver = new Driver();
  const asked = bounded(driver, "app-1", () => 5).ask("is it");
  await expect.poll(() => driver.asked).toBe(1);
  driver.answer();
  expect(await asked).toBe("is it answered");
  expect(bounded(driver, "app-1", () => 5).name).toBe("app-1");
});

test("what is remembered of a host is told while that hangs", async () => {
  const driver = { ...new Driver(), ask: () => new Promise<void>(() => {}), lastSeen: async () => "first" };
  const host = bounded(driver, "app-1", () => 0.05);
  await expect(host.ask()).rejects.toThrow("app-1 hangs");
  await expect(host.lastSeen()).rejects.toThrow("app-1 hangs");
  expect(await boundedHost(Object(driver)).lastSeen?.()).toBe("first");
});

test("a call that hangs is reported with the driver's name and the time it had", async () => {
  const driver = bounded(new Driver(), "app-1", () => 0.05);
  await expect(driver.ask("is it")).rejects.toMatchObject({
    code: "hangs",
    message: "app-1 hangs: ask took longer than 0.05 s",
  });
});

test("a driver is not called while an earlier call hangs, and is called again once that has ended", async () => {
  const driver = new Driver();
  const { ask, tell } = bounded(driver, "app-1", () => 0.05);
  await expect(ask("is it")).rejects.toThrow("took longer");
  await expect(ask("is it")).rejects.toThrow("app-1 hangs: ask has not ended yet");
  await expect(tell()).rejects.toThrow("app-1 hangs: ask has not ended yet");
  expect(driver.asked).toBe(1);
  driver.answer();
  await expect.poll(() => tell().catch(String)).toBe("told");
});

test("a call that fails by itself keeps its error", async () => {
  const failure = new Error("no");
  const driver = bounded({ fail: () => Promise.reject(failure) }, "app-1", () => 5);
  await expect(driver.fail()).rejects.toBe(failure);
});

test("a call without a deadline is waited for, even while another hangs", async () => {
  const driver = bounded(new Driver(), "app-1", (method) => (method === "ask" ? 0.05 : undefined));
  await expect(driver.ask("is it")).rejects.toThrow("took longer");
  expect(await driver.tell()).toBe("told");
});

test("a host gets its grace period to stop, and the time a jar takes to stage", async () => {
  const host = boundedHost(localHost({ port: await freePort(), directory: await temporaryDirectory() }));
  expect(await host.stop(0)).toEqual({ killed: false });
  expect((await host.observe()).releases).toEqual([]);
  expect((await host.probe(new AbortController().signal)).up).toBe(false);
});

test("staging on a disk that hangs ends in time", async () => {
  const directory = await temporaryDirectory();
  const jar = await fakeJar({ version: "1.0.0" });
  const signal = new AbortController().signal;
  await localHost({ port: await freePort(), directory }).stage(releaseId(jar), jar, signal);
  const { mend } = hangFile(join(directory, "releases", releaseId(jar), "app.jar"));
  onTestFinished(mend);
  const host = bounded(localHost({ port: await freePort(), directory }), "app-1", () => 0.1);
  await expect(host.stage(releaseId(jar), jar, signal)).rejects.toThrow(
    "app-1 hangs: stage took longer than 0.1 s",
  );
});
