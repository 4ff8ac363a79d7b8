import { expect, test } from "vitest";
import { fromProgram } from "#kinds/kubernetes/fromProgram.ts";

/** What Node.js says of a package that is not installed. */
function notFound(name: string): Error {
  const message = `Cannot find package '${name}' imported from /srv/program/node_modules/rollgate/kinds/a.js`;
  return Object.assign(new Error(message), { code: "ERR_MODULE_NOT_FOUND" });
}

test.each(["@pulumi/kubernetes", "@pulumi/docker"])(
  "a program without %s is told how to get it",
  async (name) => {
    await expect(fromProgram(() => Promise.reject(notFound(name)))).rejects.toMatchObject({
      property: "kind",
      reason: `expected the package ${name} in the program, found none: npm install ${name}`,
    });
  },
);

test("anything else that is missing is a bug of ours, and stays what it is", async () => {
  const error = notFound("left-pad");
  await expect(fromProgram(() => Promise.reject(error))).rejects.toBe(error);
});
