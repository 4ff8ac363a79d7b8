import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { Change, News, Olds } from "#kinds/change.ts";
import type { Crud } from "#provider/crud.ts";
import { dynamicProvider, providerModule } from "#provider/dynamicProvider.ts";

const NOTHING: Crud = {
  diff: async () => ({ changes: false }),
  create: async (news) => ({ id: "id", outs: news }),
  read: async (id, olds) => ({ id, props: olds }),
};

test("each method gets the inputs and the state by name", async () => {
  const told: unknown[] = [];
  const tell = async (...words: unknown[]) => {
    told.push(words);
    return { changes: false };
  };
  const [olds, news] = [{ port: 1 }, { port: 2 }];
  const {
    check,
    diff,
    create,
    read,
    update,
    delete: remove,
  } = dynamicProvider(async () => ({
    check: async (change) => ({ inputs: { ...change } }),
    diff: (change) => tell("diff", change),
    create: async (given) => ({ id: "id", outs: { given } }),
    read: async (id, known) => ({ id, props: { known } }),
    remove: async (known) => void (await tell("remove", known)),
  }));
  expect(await check?.(olds, news)).toEqual({ inputs: { olds, news } });
  await diff?.("id", olds, news);
  expect(await create(news)).toEqual({ id: "id", outs: { given: news } });
  expect(await read?.("id", olds)).toEqual({ id: "id", props: { known: olds } });
  expect(await update?.("id", olds, news)).toMatchObject({ outs: { given: news } });
  await remove?.("id", olds);
  expect(told).toEqual([
    ["diff", { olds, news }],
    ["remove", olds],
  ]);
});

test("a resource with nothing to check or remove is accepted as it is", async () => {
  const provider = dynamicProvider(async () => NOTHING);
  expect(await provider.check?.({}, { port: 1 })).toEqual({ inputs: { port: 1 } });
  await expect(provider.delete?.("id", {})).resolves.toBeUndefined();
});

test("swapping inputs and state does not compile", () => {
  const [olds, news]: [Olds, News] = [{ port: 1 }, { port: 2 }];
  const crud: Crud = {
    ...NOTHING,
    // @ts-expect-error
    create: async (state: Olds) => ({ id: "id", outs: state }),
  };
  const swapped: Change = {
    // @ts-expect-error
    olds: news,
    // @ts-expect-error
    news: olds,
  };
  // @ts-expect-error
  const byPosition = (change: Change) => crud.diff(change.olds, change.news);
  expect([byPosition.length, swapped.olds]).toEqual([1, news]);
});

test("the module that the state keeps has the same methods, and each of them loads the code", async () => {
  const source = providerModule(async () => {
    throw new Error("loaded");
  });
  const exports: { handler?: () => unknown } = {};
  runInNewContext(source, { exports, Error });
  const provider = Object(exports.handler?.());
  const methods = Object.keys(dynamicProvider(async () => NOTHING));
  expect(Object.keys(provider)).toEqual(methods);
  for (const method of methods) await expect(provider[method]()).rejects.toThrow("loaded");
});
