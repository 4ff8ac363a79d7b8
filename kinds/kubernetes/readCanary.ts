import { z } from "zod";
import { InvalidInput } from "#rollout/common/errors.ts";
import { integer, show, text } from "#rollout/request/fields.ts";
import { parse } from "#rollout/request/validate.ts";
import { type CanarySettings, UNREAD } from "../../settings/canary.ts";
import { type Reader, textOf } from "../../settings/reader.ts";
import { CANARY_LOOPBACK, type ImageSource, type Pods } from "./kubernetesDescriptors.ts";
import { canaryNameOf } from "./names.ts";
import { type ReadImage, releaseOf } from "./readImage.ts";

const NONE = { settings: undefined, hosts: [] };

/** The pods of a stack, the canary among them. */
export interface ReadHosts<Place> {
  readonly settings: CanarySettings | undefined;
  /** Further hosts, of which there is at most one. */
  readonly hosts: readonly Place[];
  /** What stays for all others. */
  readonly main: Place;
  /** The jar to build the canary's image from, if there is one. */
  readonly from?: NonNullable<ReadImage["from"]>;
}

interface Place {
  readonly name: string;
  readonly pods: Pods;
  readonly image: ImageSource;
}

/**
 * Takes some of the pods for a canary: a Deployment of their own that runs another release. `admitSeconds` is what it
 * takes others to notice a ready pod.
 */
export function readCanary<Main extends Place>(
  reader: Reader,
  main: Main,
  admitSeconds: number,
): ReadHosts<Main> {
  const given: Readonly<Record<string, unknown>> = { ...reader.object("canary") };
  if (Object.keys(given).length === 0) return { ...NONE, main };
  refuseOthers(given);
  const { replicas, soakSeconds, ...what } = read(given, main);
  const hosts = [canaryNameOf(main.name)];
  const request = { hosts, release: "", ...(soakSeconds !== undefined && { soakSeconds }) };
  const version = what.version === undefined ? "" : textOf("canary.version", what.version);
  const place = {
    ...main,
    name: canaryNameOf(main.name),
    canaryOf: main.name,
    address: CANARY_LOOPBACK,
    pods: { ...withReplicas(main.pods, replicas), ...soaking(main.pods, soakSeconds, admitSeconds) },
  };
  const common = { main: { ...main, pods: withReplicas(main.pods, main.pods.replicas - replicas) } };
  if (what.image !== undefined) {
    if (what.jar !== undefined)
      throw new InvalidInput("canary.jar", `expected no value with canary.image, got ${what.jar}`);
    const jar = releaseOf("canary.image", what.image, version);
    return {
      ...common,
      settings: { jar, request: { ...request, jar } },
      hosts: [{ ...place, image: { name: what.image } }],
    };
  }
  if (what.jar === undefined || what.jar === "")
    throw new InvalidInput("canary.jar", "expected a jar or canary.image, got neither");
  if ("name" in main.image)
    throw new InvalidInput("canary.jar", `expected canary.image, since there is an image, got ${what.jar}`);
  const from = { path: what.jar, version };
  return {
    ...common,
    from,
    settings: {
      jar: { path: from.path, ...(version !== "" && { version }) },
      request: { ...request, jar: UNREAD },
    },
    hosts: [place],
  };
}

function read(given: object, { pods }: Place) {
  const most = pods.replicas - 1;
  if (most === 0)
    throw new InvalidInput("canary", "expected replicas of at least 2, since a canary takes some, got 1");
  const canary = z.strictObject({
    replicas: integer(1, most).default(1),
    jar: text.exactOptional(),
    image: text.exactOptional(),
    version: z.unknown().optional(),
    soakSeconds: integer(0, 86_400).exactOptional(),
  });
  return parse(z.object({ canary }), { canary: given }).canary;
}

/** Rejects what canaries have on other kinds. */
function refuseOthers({ hosts, traffic }: Readonly<Record<string, unknown>>): void {
  if (hosts !== undefined)
    throw new InvalidInput("canary.hosts", "expected no value on kind kubernetes: use canary.replicas");
  if (traffic !== undefined)
    throw new InvalidInput(
      "canary.traffic",
      `expected no value on kind kubernetes, where each pod gets the same share, got ${show(traffic)}`,
    );
}

/** As elsewhere, one of several pods goes on serving. */
function withReplicas(pods: Pods, replicas: number): Pods {
  return { ...pods, replicas, unavailable: Math.min(pods.unavailable, Math.max(1, replicas - 1)) };
}

function soaking(
  { soakSeconds, progressSeconds }: Pods,
  own: number | undefined = soakSeconds,
  admitSeconds: number,
) {
  const seconds = Math.max(own, admitSeconds);
  return { soakSeconds: seconds, progressSeconds: progressSeconds - soakSeconds + seconds };
}
