import { createHash } from "node:crypto";
import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import type { Jar } from "#rollout/release/jar.ts";
import { text } from "#rollout/request/fields.ts";
import { parse } from "#rollout/request/validate.ts";
import type { Reader } from "../../settings/reader.ts";
import { buildOf } from "./dockerfile.ts";
import { type ImageSource, objectName } from "./kubernetesDescriptors.ts";

/** https://github.com/distribution/reference */
const REPOSITORY = /^[a-z0-9]+([._-][a-z0-9]+|__[a-z0-9]+|:\d+(?=\/))*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;
const REFERENCE = /^([^\s@]+?)(?::([\w][\w.-]{0,127}))?(?:@sha256:([0-9a-f]{64}))?$/;

/** What the pods run. */
export interface ReadImage {
  readonly source: ImageSource;
  readonly secret: { readonly pullSecret?: string };
  /** In place of a jar, for an image that somebody else has built. */
  readonly jar?: Jar;
  /** The jar to build it from, if there is one. */
  readonly from?: { readonly path: string; readonly version: string };
  readonly base: string;
  /** What it is built for; absent means what the engine runs on. */
  readonly platform?: string;
  readonly engine: string;
}

/** An image that is there by its name, or else one to build from the jar. */
export function readImage(reader: Reader, name: string): ReadImage {
  const [given, path, release] = [reader.text("image"), reader.text("jar"), reader.text("release")];
  const [repository, pullSecret] = [reader.text("imageRepository"), reader.text("imagePullSecret")];
  const base = reader.text("containerImage");
  const platform = reader.text("imagePlatform");
  if (!/^$|^[a-z0-9]+(\/[a-z0-9]+){1,2}$/.test(platform))
    throw new InvalidInput(
      "imagePlatform",
      `expected a platform such as linux/amd64, got ${JSON.stringify(platform)}`,
    );
  const secret =
    pullSecret === ""
      ? {}
      : {
          pullSecret: parse(z.object({ imagePullSecret: objectName }), { imagePullSecret: pullSecret })
            .imagePullSecret,
        };
  const common = {
    ...{ secret, base, engine: reader.text("dockerEngine") },
    ...(platform !== "" && { platform }),
  };
  if (given !== "") {
    for (const [setting, got] of Object.entries({
      jar: path,
      imageRepository: repository,
      imagePlatform: platform,
    })) {
      if (got !== "") throw new InvalidInput(setting, `expected no value with image, got ${got}`);
    }
    return {
      ...common,
      source: { name: given },
      ...(release === "" && { jar: releaseOf("image", given, reader.text("version")) }),
    };
  }
  parse(z.object({ imageRepository: z.union([z.literal(""), repositoryName]) }), {
    imageRepository: repository,
  });
  return {
    ...common,
    source: {
      repository: repository || `rollgate/${name}`,
      build: buildOf(base, platform),
      isPushed: repository !== "",
    },
    ...(path !== "" && release === "" && { from: { path, version: reader.text("version") } }),
  };
}

const repositoryName = text.regex(REPOSITORY, {
  error: (issue) =>
    `expected a repository without a tag, such as registry.example.com/shop, got ${JSON.stringify(issue.input)}`,
});

/** An image is a release by its tag and its digest, or by its whole name, if that has no digest. */
export function releaseOf(setting: string, image: string, version: string): Jar {
  const [, , tag, digest] = REFERENCE.exec(image) ?? [];
  if (tag === undefined && digest === undefined)
    throw new InvalidInput(
      setting,
      `expected a name with a tag that never moves or a digest, such as registry.example.com/shop:1.2.3, got ${JSON.stringify(image)}`,
    );
  const sha256 = digest ?? createHash("sha256").update(image).digest("hex");
  // In no file system, so that nobody looks for a jar.
  return { path: `/${image}`, version: version || tag || "image", sha256 };
}
