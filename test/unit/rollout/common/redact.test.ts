import { expect, test } from "vitest";
import { redactor } from "#rollout/common/redact.ts";

test("replaces every secret wherever it occurs", () => {
  const redact = redactor(["hunter22", "s3cr3t"]);
  expect(redact("password=hunter22&again=hunter22; token s3cr3t")).toBe(
    "password=[secret]&again=[secret]; token [secret]",
  );
});

test("replaces a secret that contains another one as a whole", () => {
  expect(redactor(["hunter", "hunter22"])("hunter22 hunter")).toBe("[secret] [secret]");
});

test("replaces a secret that is part of the replacement itself", () => {
  expect(redactor(["secret", "hunter22"])("hunter22 is secret")).toBe("[secret] is [secret]");
});

test("takes a secret as plain text, not as a pattern", () => {
  expect(redactor(["a.c$1+2"])("abc$1+2 a.c$1+2")).toBe("abc$1+2 [secret]");
});

test("replaces every line of a multi-line secret, such as a key", () => {
  const key = "-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END KEY-----";
  expect(redactor([key])("cannot read BgkqhkiG9w0B")).toBe("cannot read [secret]");
});

test("leaves text alone that replacing very short values would make unreadable", () => {
  expect(redactor(["1", "on", ""])("app-1 is on")).toBe("app-1 is on");
});

test("a secret is found as it is written in JSON and in URLs", () => {
  const redact = redactor(['pa"ss\\word', "p@ss word/1"]);
  expect(redact(JSON.stringify({ password: 'pa"ss\\word' }))).toBe('{"password":"[secret]"}');
  expect(redact(`jdbc:postgresql://db/x?password=${encodeURIComponent("p@ss word/1")}`)).toBe(
    "jdbc:postgresql://db/x?password=[secret]",
  );
  expect(redact(`http://db/${encodeURI("p@ss word/1")}`)).toBe("http://db/[secret]");
  expect(redactor(["\ud800broken"])("a \ud800broken one")).toBe("a [secret] one");
});
