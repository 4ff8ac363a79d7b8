import { expect, test } from "vitest";
import { check, diff } from "#provider/deployment.ts";
import { fakeCluster } from "../../../support/kubernetes/fakeCluster.ts";
import { readAny, withoutPulumi } from "../../../support/settings.ts";

/** What Pulumi sends for an output that a preview can't know. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

withoutPulumi();

/** The inputs of the rollout with these settings, as Pulumi sends them. */
async function inputsOf(settings: object, kubeconfig: string) {
  const base = { kind: "kubernetes", kubeconfig, imageRepository: "registry.example.com/shop", replicas: 4 };
  const { rollout, jar, canary } = await readAny({ ...base, ...settings });
  return { ...rollout, environment: {}, jar, ...(canary && { canary }) };
}

test("a preview shows a canary whose image is not pushed yet, and dropping it is a change", async () => {
  const { kubeconfig } = await fakeCluster();
  const without = await inputsOf({}, kubeconfig);
  const canary = { jar: without.jar?.path, version: "2.0.0" };
  const declared = await inputsOf({ jar: without.jar?.path, canary }, kubeconfig);
  const news = { ...declared, image: UNKNOWN, canary: { ...declared.canary, image: UNKNOWN } };
  const { inputs = {}, failures } = await check({ olds: {}, news });
  expect(failures).toBeUndefined();
  expect(inputs).toMatchObject({ image: UNKNOWN, canary: { image: UNKNOWN } });
  expect(inputs.rollingOrder).toEqual([
    expect.stringMatching(/^rollgate-test: 1\.2\.3-[0-9a-f]{12}$/),
    expect.stringMatching(/^rollgate-test-canary: 2\.0\.0-[0-9a-f]{12}$/),
  ]);
  const known = { ...news, image: "shop@sha256:1", canary: { ...declared.canary, image: "shop@sha256:2" } };
  const olds = (await check({ olds: {}, news: known })).inputs ?? {};
  expect(await diff({ olds, news: (await check({ olds, news: known })).inputs ?? {} })).toEqual({
    changes: false,
  });
  const dropped = { ...without, image: "shop@sha256:1" };
  const after = (await check({ olds, news: dropped })).inputs ?? {};
  expect(after).not.toHaveProperty("canary");
  expect(await diff({ olds, news: after })).toEqual({ changes: true });
});
