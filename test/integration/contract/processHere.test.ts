import { join } from "node:path";
import { onTestFinished } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { openLocalHost } from "#kinds/local/openLocalHost.ts";
import { freePort } from "../../../harness/freePort.ts";
import { describeAppHost, type NewHost } from "../../contract/appHost.ts";
import { describeProcessHost } from "../../contract/processHost.ts";
import { fakeJava } from "../../support/fakeJava.ts";
import { temporaryDirectory } from "../../support/temporaryDirectory.ts";

async function open({ ownHealthPort = false } = {}): Promise<NewHost> {
  // What a shell would take for more than one word, and awk for the start of an escape.
  const directory = join(await temporaryDirectory(), "a host's \\n $HOME");
  const place = { kind: "local", name: "app-1", address: "127.0.0.1", port: await freePort() } as const;
  const health = ownHealthPort && { healthPort: await freePort() };
  const parts = openLocalHost({ ...place, ...health, directory });
  onTestFinished(async () => void (await parts.supervisor.stop(0)));
  return {
    parts,
    directory,
    machine: new LocalMachine(),
    launch: { java: await fakeJava(), jvmOptions: [], arguments: [] },
  };
}

describeAppHost({ open, workDirectory: ({ directory }) => `${directory}/work` });
describeProcessHost(open);
