import { join } from "node:path";
import { describe, onTestFinished } from "vitest";
import { openLocalNginx } from "#kinds/local/localNginx.ts";
import type { OpenNginx } from "#kinds/nginxKind.ts";
import { controlPortFor, freePort } from "../../../harness/freePort.ts";
import { describeNginx, describeOwnNginx } from "../../contract/nginx.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

async function open(): Promise<OpenNginx> {
  const directory = join(await temporaryDirectory(), "a stack's", "nginx");
  const port = await freePort();
  const place = {
    kind: "local",
    directory,
    address: "127.0.0.1",
    port,
    controlPort: controlPortFor(port),
  } as const;
  const nginx = openLocalNginx(place, "nginx");
  onTestFinished(async () => {
    await nginx.server.quit(0);
    await nginx.close();
  });
  return nginx;
}

describe("on this machine", () => {
  describeNginx(open);
  describeOwnNginx(open);
});
