import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nginxImage } from "#kinds/docker/nginxImage.ts";
import { inRepository } from "../../../../tools/inRepository.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const contextIn = (project: string) =>
  Object(nginxImage("shop-nginx", "nginx:stable", project).build).context;

test("the sources of nginx's image have a path that the state of any machine and version can have", async () => {
  const project = await temporaryDirectory();
  await mkdir(join(project, "node_modules"));
  await symlink(inRepository(), join(project, "node_modules", "rollgate"));
  expect(contextIn(project)).toBe("node_modules/rollgate/kinds/docker/nginx");
  expect(contextIn(inRepository())).toBe("kinds/docker/nginx");
});

test("they are found where a package manager put the package above the project", () => {
  expect(contextIn(inRepository("examples", "market"))).toBe("../../kinds/docker/nginx");
});
