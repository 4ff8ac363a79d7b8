import { expect, test } from "vitest";
import { archiveName, isReleaseOf, releaseId, versionOf } from "#rollout/release/release.ts";

const sha256 = `3fa9c1d2e4b5${"0".repeat(52)}`;

test("a release is named after its version and the beginning of its hash", () => {
  expect(releaseId({ path: "/srv/app.jar", version: "1.1.0", sha256 })).toBe("1.1.0-3fa9c1d2e4b5");
});

test.each(["/srv/shop.war", "/srv/SHOP.WAR"])(
  "%s is another release than the same bytes as a jar",
  (path) => {
    expect(releaseId({ path, version: "1.1.0", sha256 })).toBe("1.1.0-3fa9c1d2e4b5.war");
  },
);

test.each(["/srv/shop.jar", "/srv/shop", "/srv/shop.war.jar", "/srv/shop.war/app"])(
  "%s is kept as app.jar: Spring Boot takes no file of that name for a war",
  (path) => {
    expect(archiveName(releaseId({ path, version: "1.1.0", sha256 }))).toBe("app.jar");
  },
);

test("a war is kept as app.war, where Spring Boot looks for its pages", () => {
  expect(archiveName(releaseId({ path: "/srv/shop.war", version: "1.1.0", sha256 }))).toBe("app.war");
});

test.each([
  ["1.1.0-3fa9c1d2e4b5", "1.1.0"],
  ["1.1.0-3fa9c1d2e4b5.war", "1.1.0"],
  ["1.1.0-SNAPSHOT-3fa9c1d2e4b5", "1.1.0-SNAPSHOT"],
  ["1.1.0", "1.1.0"],
])("%s has the version %s", (id, version) => {
  expect(versionOf(id)).toBe(version);
});

test("the name of a release matches the bytes it was named after, and no others", () => {
  for (const id of ["1.1.0-3fa9c1d2e4b5", "1.1.0-3fa9c1d2e4b5.war"]) {
    expect(isReleaseOf(id, sha256)).toBe(true);
    expect(isReleaseOf(id, "0".repeat(64))).toBe(false);
  }
});
