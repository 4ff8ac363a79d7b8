import { expect, test } from "vitest";
import { type AsksNginx, askAny } from "#kinds/docker/askAny.ts";

const { signal } = new AbortController();

/** Two nginx, of which those that are named are down, and who was asked. */
function two(...down: string[]) {
  const asked: string[] = [];
  const one = (name: string): AsksNginx => ({
    get: async (path, until) => {
      asked.push(name);
      until.throwIfAborted();
      if (down.includes(name)) throw new Error(`${name} does not answer`);
      return { statusCode: 200, body: Buffer.from(`${name} ${path}`) };
    },
  });
  return { any: askAny([one("a"), one("b")]), asked, down };
}

test("the first nginx is asked as long as it answers", async () => {
  const { any, asked } = two();
  for (let question = 0; question < 3; question++) await any.get("/", signal);
  expect(asked).toEqual(["a", "a", "a"]);
});

test("the next one is asked if one does not answer, and first from then on", async () => {
  const { any, asked } = two("a");
  expect(String((await any.get("/x", signal)).body)).toBe("b /x");
  await any.get("/x", signal);
  expect(asked).toEqual(["a", "b", "b"]);
});

test("with none left, the last error is passed on, and each was asked once", async () => {
  const { any, asked } = two("a", "b");
  await expect(any.get("/", signal)).rejects.toThrow("b does not answer");
  expect(asked).toEqual(["a", "b"]);
});

test("a question whose time is over while one is silent is not asked again, but the next one goes to the other", async () => {
  const { any, asked } = two();
  await expect(any.get("/", AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
  await any.get("/", signal);
  expect(asked).toEqual(["a", "b"]);
});
