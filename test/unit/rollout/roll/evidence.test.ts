import { expect, test } from "vitest";
import { redactor } from "#rollout/common/redact.ts";
import { evidence } from "#rollout/roll/evidence.ts";
import { FakeFleet } from "../../../support/fakeFleet.ts";

const frames = (count: number) =>
  Array.from(
    { length: count },
    (_, index) => `\tat org.springframework.beans.Factory.create(Factory.java:${index})`,
  );

/** What is shown of a host whose application wrote these lines. */
async function shown(...writes: string[]): Promise<string[]> {
  const fleet = await FakeFleet.create({ "app-1": {} });
  const host = fleet.host("app-1");
  host.writes = writes;
  host.conduct["1.0.0"] = "ends";
  await host.begin({ runs: "1.0.0" });
  return evidence(host, (text) => text);
}

test("a short log is shown completely, with its place", async () => {
  expect(await shown("no database")).toEqual([
    "1.0.0 starts",
    "no database",
    "1.0.0 cannot start",
    "Full log: /srv/app-1/app.log",
  ]);
});

test("root causes and errors are shown rather than stack frames", async () => {
  const lines = await shown(
    "ERROR 7 --- [main] o.s.boot.SpringApplication : Application run failed",
    "org.springframework.beans.factory.BeanCreationException: Error creating bean 'orders'",
    ...frames(60),
    "Caused by: org.hibernate.HibernateException: no dialect",
    ...frames(40),
    "\t... 21 common frames omitted",
    "Caused by: java.net.ConnectException: Connection refused",
    ...frames(30),
  );
  expect(lines).toEqual([
    "1.0.0 starts",
    "ERROR 7 --- [main] o.s.boot.SpringApplication : Application run failed",
    "org.springframework.beans.factory.BeanCreationException: Error creating bean 'orders'",
    "Caused by: org.hibernate.HibernateException: no dialect",
    "Caused by: java.net.ConnectException: Connection refused",
    "1.0.0 cannot start",
    "Full log: /srv/app-1/app.log",
  ]);
});

test("Spring's own analysis is shown, with description and action", async () => {
  const lines = await shown(
    ...frames(30),
    "***************************",
    "APPLICATION FAILED TO START",
    "***************************",
    "",
    "Description:",
    "",
    "Web server failed to start. Port 8081 was already in use.",
    "",
    "Action:",
    "",
    "Identify and stop the process that's listening on port 8081.",
    ...Array.from({ length: 100 }, (_, index) => `shutdown hook ${index}`),
  );
  expect(lines.slice(0, 5)).toEqual([
    "APPLICATION FAILED TO START",
    "Description:",
    "Web server failed to start. Port 8081 was already in use.",
    "Action:",
    "Identify and stop the process that's listening on port 8081.",
  ]);
  expect(lines).toHaveLength(16);
});

test("a flood of long and coloured lines is shown as fifteen short and plain ones", async () => {
  const lines = await shown(
    ...Array.from({ length: 10_000 }, (_, index) => `\u001b[31mline ${index}\u001b[0m`),
    "x".repeat(1_000_000),
  );
  expect(lines).toHaveLength(16);
  expect(lines[0]).toBe("line 9987");
  expect(lines[13]).toBe(`${"x".repeat(500)}… (1000000 characters)`);
});

test("a log that cannot be read never replaces the failure", async () => {
  const fleet = await FakeFleet.create({ "app-1": { runs: "1.0.0" }, "app-2": { runs: "1.0.0" } });
  fleet.host("app-1").conduct["1.1.0"] = "ends";
  fleet.host("app-1").errors.logTail = new RangeError("Invalid string length");
  await expect(fleet.roll("1.1.0")).rejects.toMatchObject({
    message: expect.stringContaining("app-1 failed its health gate on 1.1.0: the process ended by itself"),
    evidence: ["The log could not be read: Invalid string length. It is at /srv/app-1/app.log"],
  });
  expect(fleet.state).toEqual({ "app-1": "1.0.0", "app-2": "1.0.0" });
});

test("a secret is redacted before a line is cut, so that no part of it is left", async () => {
  const fleet = await FakeFleet.create({ "app-1": {} });
  const host = fleet.host("app-1");
  host.writes = [`${"x".repeat(495)}hunter2hunter2`];
  await host.begin({ runs: "1.0.0" });
  const lines = await evidence(host, redactor(["hunter2hunter2"]));
  expect(lines.join("\n")).not.toContain("hunter");
});
