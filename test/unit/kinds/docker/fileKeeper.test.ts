import { expect, test } from "vitest";
import { FileKeeper } from "#kinds/docker/fileKeeper.ts";
import { openEngine } from "#kinds/engine/openEngine.ts";
import { fakeEngine } from "../../../support/fakeEngine.ts";

test("work that comes after its fleet was closed starts no helper that nobody would remove", async () => {
  const { url, asked } = await fakeEngine();
  const keeper = new FileKeeper(openEngine(url), ["shop-prod-app-1-releases"], "shop-prod-nginx");
  await keeper.close();
  await expect(keeper.run("true", [])).rejects.toThrow("the fleet is closed");
  expect(asked).toEqual([]);
});
