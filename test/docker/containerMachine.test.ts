import { describe, expect, onTestFinished, test } from "vitest";
import { ContainerMachine } from "#kinds/docker/containerMachine.ts";
import { FileKeeper } from "#kinds/docker/fileKeeper.ts";
import { openEngine } from "#kinds/engine/openEngine.ts";
import { baseImages } from "../../harness/docker/baseImages.ts";
import { docker, noDocker } from "../../harness/docker/engine.ts";

const reason = await noDocker();

describe.skipIf(reason !== undefined)("after a restart of the engine", () => {
  /** A container that does nothing. */
  async function idle(name: string): Promise<void> {
    const { nginx } = await baseImages();
    await docker(["run", "--detach", "--stop-signal", "KILL", "--name", name, nginx, "sleep", "600"]);
    onTestFinished(() => docker(["rm", "--force", name]).then(() => {}));
  }

  test("a command waits for a container that comes back, and fails if there never was one", async () => {
    const name = "rollgate-test-comes-back";
    await idle(name);
    const machine = new ContainerMachine(openEngine(""), name);
    expect(await machine.run("echo one", [])).toBe("one\n");
    await docker(["stop", name]);
    const answer = machine.run("echo two", []);
    await docker(["start", name]);
    expect(await answer).toBe("two\n");
    await docker(["stop", name]);
    await expect(new ContainerMachine(openEngine(""), name).run("echo three", [])).rejects.toThrow(
      /container rollgate-test-comes-back: .*is not running/,
    );
  });

  test("the volumes are accessed through another helper container, since the first one is gone", async () => {
    const name = "rollgate-test-keeper";
    await idle(name);
    const keeper = new FileKeeper(openEngine(""), [], name);
    onTestFinished(() => keeper.close());
    const keepers = () => docker(["ps", "-q", "--filter", `label=rollgate.files=${name}`]);
    await keeper.run("true", []);
    await docker(["rm", "--force", await keepers()]);
    expect(await keeper.run("echo there", [])).toBe("there\n");
    expect(await keepers()).not.toBe("");
  });
});
