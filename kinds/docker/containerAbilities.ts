import { Readable } from "node:stream";
import { type NginxAbilities, nginxAbilities } from "#rollout/nginx/nginxAbilities.ts";
import type { ContainerMachine } from "./containerMachine.ts";
import { testNginx } from "./dockerNginxServer.ts";

const DIRECTORY = "/tmp/rollgate-probe";

/** What the nginx in a container can do; nothing is left behind. */
export async function containerAbilities(machine: ContainerMachine): Promise<NginxAbilities> {
  try {
    return await nginxAbilities(await machine.run("nginx -V 2>&1", []), async (configuration) => {
      const input = Readable.from([configuration]);
      await machine.run('mkdir -p "$1" && cat > "$1/probe.conf"', [DIRECTORY], { input });
      await testNginx(machine, DIRECTORY, "probe.conf");
    });
  } finally {
    await machine.run('rm -rf "$1"', [DIRECTORY]);
  }
}
