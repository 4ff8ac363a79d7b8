import { expect, test } from "vitest";
import { redactor } from "../../rollout/redact.ts";

test("replaces every secret wherever it stands", () => {
  const redact = redactor(["hunter22", "s3cr3t"]);
  expect(redact("password=hunter22&again=hunter22; token s3cr3t")).toBe(
    "password=[secret]&again=[secret]; token [secret]",
  );
});

test("replaces a secret that holds another one as a whole", () => {
  expect(redactor(["pass", "password1"])("password1 pass")).toBe("[secret] [secret]");
});

test("takes a secret as plain text, not as a pattern", () => {
  expect(redactor(["a.c$1"])("abc$1 a.c$1")).toBe("abc$1 [secret]");
});

test("leaves text alone that a value too short to be a secret would tear apart", () => {
  expect(redactor(["1", "on", ""])("app-1 is on")).toBe("app-1 is on");
});
