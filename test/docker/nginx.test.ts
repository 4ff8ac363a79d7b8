import { afterAll, beforeAll, describe, onTestFinished } from "vitest";
import { dockerNginx } from "#kinds/docker/dockerNginx.ts";
import { DockerFleet } from "../../harness/docker/dockerFleet.ts";
import { noDocker } from "../../harness/docker/engine.ts";
import { describeNginx } from "../contract/nginx.ts";

const reason = await noDocker();

describe.skipIf(reason)(`in a container${reason ? ` (${reason})` : ""}`, () => {
  let fleet: DockerFleet;

  beforeAll(async () => {
    fleet = await DockerFleet.create(1);
  }, 300_000);

  afterAll(async () => {
    await fleet?.remove();
  }, 60_000);

  describeNginx(async () => {
    const nginx = await dockerNginx.open(fleet.proxy);
    onTestFinished(() => nginx.close());
    return nginx;
  });
});
