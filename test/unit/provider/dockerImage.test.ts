import { expect, test } from "vitest";
import { create, diff, read } from "#kinds/docker/pulledImage.ts";
import { type EngineAnswer, fakeEngine } from "../../support/fakeEngine.ts";
import { withoutDockerSettings } from "../../support/withoutDockerSettings.ts";

withoutDockerSettings();

const INSPECT = "GET /images/jre:17/json";
const PULL = "POST /images/create";

async function imageOn(answers: Readonly<Record<string, EngineAnswer>>) {
  const { url: engine, asked } = await fakeEngine(answers);
  return { inputs: { engine, image: "jre:17" }, asked };
}

test("an image that the engine has is not pulled again", async () => {
  const { inputs, asked } = await imageOn({ [INSPECT]: { Id: "sha256:1" } });
  expect(await create({ ...inputs, __provider: "code" })).toMatchObject({ id: "jre:17", outs: inputs });
  expect(asked).toEqual([INSPECT]);
});

test("another one is pulled, and an error in its progress is a failure", async () => {
  const { inputs, asked } = await imageOn({ [PULL]: { status: "Downloaded" } });
  await create(inputs);
  expect(asked).toEqual([INSPECT, PULL]);
  const broken = await imageOn({ [PULL]: { error: "no space left on device" } });
  await expect(create(broken.inputs)).rejects.toThrow("cannot pull jre:17: no space left on device");
});

test("one that was removed from the engine is pulled again by the next update", async () => {
  const there = await imageOn({ [INSPECT]: { Id: "sha256:1" } });
  expect(await read("jre:17", there.inputs)).toEqual({ id: "jre:17", props: there.inputs });
  const gone = await imageOn({});
  expect(await read("jre:17", gone.inputs)).toEqual({ id: "", props: {} });
});

test("another image or another engine is a change", async () => {
  const old = { engine: "", image: "jre:17", __provider: "old code" };
  expect(await diff({ olds: old, news: { ...old, __provider: "new code" } })).toEqual({ changes: false });
  expect(await diff({ olds: old, news: { ...old, image: "jre:21" } })).toEqual({ changes: true });
});
