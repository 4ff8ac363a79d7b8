import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeFakeJar, writeFakeJava } from "../../harness/fakeApplication.ts";
import { freePort } from "../../harness/freePort.ts";
import { request } from "../../harness/request.ts";
import { foreignNginx } from "../support/foreignNginx.ts";
import { Project } from "./project.ts";

describe("a stack that is a part of an nginx that runs already, with the real CLI", {
  timeout: 300_000,
}, () => {
  let project: Project;

  beforeAll(async () => {
    project = await Project.create("part");
  }, 120_000);

  afterAll(async () => project?.remove(), 120_000);

  test("is refused until a server block includes it, rolls, and leaves the nginx as it was", async () => {
    const line = `include ${project.files}/nginx/live/server*.conf;`;
    const [without, nginx] = [
      await foreignNginx([], { name: "nginx" }),
      await foreignNginx([], { name: "nginx", plainLines: [line] }),
    ];
    const before = await nginx.files();
    const jar = async (version: string) => (await writeFakeJar({ version }, project.directory)).path;
    const settings = (it: typeof nginx) => ({
      nginxMode: "include",
      nginxPidFile: it.pidFile,
      nginxIncludeDirectory: it.httpFolder,
      nginxPort: it.plainPort,
    });
    await project.configure({
      ...settings(without),
      jar: await jar("1.0.0"),
      java: await writeFakeJava(project.directory),
      healthPath: "/actuator/health",
      pathPrefix: "/app",
      "hosts[0].name": "app-1",
      "hosts[0].port": await freePort(),
      "hosts[1].name": "app-2",
      "hosts[1].port": await freePort(),
      soakSeconds: 0,
    });
    const refused = await project.pulumi("preview");
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain(
      `expected a server block in ${without.folder} with the line "${line}", found none. Nothing was changed.`,
    );
    await project.configure(settings(nginx));
    const served = async () => {
      const { body } = await request(`http://127.0.0.1:${nginx.plainPort}/app/x`);
      return Object(JSON.parse(body)).version;
    };
    for (const version of ["1.0.0", "1.1.0"]) {
      await project.configure({ jar: await jar(version) });
      const { code, output } = await project.up();
      expect(code, output).toBe(0);
      expect(await served()).toBe(version);
    }
    const { code, output } = await project.pulumi("preview", "--expect-no-changes");
    expect(code, output).toBe(0);
    await project.pulumi("destroy", "--yes", "--skip-preview");
    expect(await nginx.files()).toEqual(before);
    expect((await request(`http://127.0.0.1:${nginx.plainPort}/app/x`)).body).toBe("other");
  });
});
