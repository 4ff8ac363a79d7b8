import { join } from "node:path";
import { onTestFinished } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { openLocalHost } from "#kinds/local/openLocalHost.ts";
import { freePort } from "../../../harness/freePort.ts";
import { describeAppHost, type NewHost, stopAll } from "../../contract/appHost.ts";
import { describeProcessHost } from "../../contract/processHost.ts";
import { describeSecondProcess } from "../../contract/secondProcess.ts";
import { describeSecondSlot } from "../../contract/secondSlot.ts";
import { describeStartupCache } from "../../contract/startupCache.ts";
import { fakeJava } from "../../support/fakeJava.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

async function open({ ownHealthPort = false } = {}): Promise<NewHost> {
  // What a shell would take for more than one word, and awk for the start of an escape.
  const directory = join(await temporaryDirectory(), "a host's \\n $HOME");
  const slot = async () => ({
    address: "127.0.0.1",
    port: await freePort(),
    ...(ownHealthPort && { healthPort: await freePort() }),
  });
  const place = { kind: "local", name: "app-1", ...(await slot()), second: await slot() } as const;
  const parts = openLocalHost({ ...place, directory });
  onTestFinished(() => stopAll(parts));
  return {
    parts,
    directory,
    machine: new LocalMachine(),
    launch: { java: await fakeJava(), jvmOptions: [], arguments: [] },
  };
}

const kind = { open, workDirectory: ({ directory }: NewHost) => `${directory}/work` };
describeAppHost(kind);
describeSecondSlot(kind);
describeProcessHost(open);
describeSecondProcess(open);
describeStartupCache(open, true);
