import { expect, test } from "vitest";
import { describeProcess, readProcessLine } from "#rollout/machine/processLine.ts";

test("arguments of a process are kept apart, even empty ones and those with spaces or line breaks", () => {
  expect(readProcessLine("4711 java\u0001-jar\u0001\u0001a b\u0002c\u0001")).toEqual({
    pid: 4711,
    argv: ["java", "-jar", "", "a b\nc"],
  });
});

test("a process is described by its pid and the beginning of its command line", () => {
  const argv = ["/usr/bin/java", "-jar", "/srv/app.jar", "--password=x"];
  expect(describeProcess({ pid: 4711, argv })).toBe("pid 4711 (/usr/bin/java -jar /srv/app.jar)");
  expect(describeProcess({ pid: 4711, argv: [`nginx: worker process${" ".repeat(64)}`] })).toBe(
    "pid 4711 (nginx: worker process)",
  );
});

test("a process whose command is a whole script is described on one short line", () => {
  const argv = ["node", "-e", `const port = 1;\n${"listen(port);\n".repeat(20)}`];
  expect(describeProcess({ pid: 7, argv })).toMatch(
    /^pid 7 \(node -e const port = 1; (listen\(port\); )+.{0,15}…\)$/,
  );
});
