import { type News, settingIn, type Values } from "#kinds/change.ts";
import { hasUnknown } from "./crud.ts";

/** Inputs without the images that are not known yet, and what puts these in again. */
interface Split {
  readonly news: News;
  withImages(inputs: Values): Values;
}

/** An image that the same update pushes has no digest yet, and a preview has a lot to say without it. */
export function withoutUnknownImages(all: News): Split {
  const { image, ...others } = all;
  const canaryImage = settingIn(Object(all.canary), "image");
  const [isLater, isCanaryLater] = [hasUnknown(image), hasUnknown(canaryImage)];
  const { image: _, ...canary } = Object(all.canary);
  return {
    news: { ...(isLater ? others : all), ...(isCanaryLater && { canary }) },
    withImages: (inputs) => ({
      ...inputs,
      ...(isLater && { image }),
      ...(isCanaryLater && { canary: { ...Object(inputs.canary), image: canaryImage } }),
    }),
  };
}
