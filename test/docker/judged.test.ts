import { describe } from "vitest";
import { noDocker } from "../../harness/docker/engine.ts";
import { NodeFleet } from "../support/docker/nodeFleet.ts";
import { judgedTests } from "../support/judgedTests.ts";

const reason = await noDocker();

describe.skipIf(reason !== undefined)("in containers", { timeout: 100_000 }, () => {
  judgedTests(() => NodeFleet.create(2, { second: true }));
});
