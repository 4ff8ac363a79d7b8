import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LocalMachine } from "#kinds/local/localMachine.ts";
import { attachments } from "#rollout/nginx/foreignPlace.ts";
import {
  clashWith,
  type Neighbour,
  overlapWith,
  readNeighbours,
  type Serving,
  servingLines,
} from "#rollout/nginx/neighbours.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const shop: Serving = { name: "shop", controlPort: 20_001, serverNames: [], pathPrefix: "/" };
const api: Serving = { name: "api", controlPort: 20_002, serverNames: [], pathPrefix: "/api" };

function neighbour(serving: Serving, isOwner = false): Neighbour {
  return { directory: `/srv/${serving.name}`, serving, isOwner };
}

test("a stack reads what the others behind its nginx serve, and which of them the nginx is of", async () => {
  const root = await temporaryDirectory();
  const owner = join(root, "owner");
  const folder = join(owner, "conf.d");
  await mkdir(folder, { recursive: true });
  const named = { ...shop, serverNames: ["shop.example.com", "*.shop.example.com"] };
  await writeFile(join(owner, "nginx.conf"), `# hosts: []\n${servingLines(named)}http {}\n`);
  const attach = async (name: string, text?: string) => {
    const directory = join(root, `${name}'s stack`);
    const [attached] = attachments({ directory, httpFolder: folder, name: `rollgate-${name}` });
    await writeFile(attached?.file ?? "", attached?.text ?? "");
    if (text !== undefined) {
      await mkdir(join(directory, "live"), { recursive: true });
      await writeFile(join(directory, "live", "http.conf"), text);
    }
    return { directory, own: attached?.file ?? "" };
  };
  const { directory: first } = await attach("api", servingLines(api));
  const { directory: second } = await attach("new");
  const { own } = await attach("ours", servingLines({ ...api, name: "ours" }));
  await writeFile(join(folder, "other.conf"), "include /etc/other/live/http*.conf;\n");
  expect(await readNeighbours(new LocalMachine(), folder, { own, owner })).toEqual([
    { directory: owner, serving: named, isOwner: true },
    { directory: first, serving: api, isOwner: false },
    { directory: second, isOwner: false },
  ]);
});

test("a stack goes with others if its name, its ports and its names are its own", () => {
  expect(clashWith(api, [neighbour(shop), { directory: "/srv/new", isOwner: false }])).toBeUndefined();
});

describe("a stack does not go with another one", () => {
  const names = ["shop.example.com", "api.example.com"];
  test.each<[title: string, own: Serving, other: Serving, line: string]>([
    [
      "of the same name",
      { ...api, name: "shop" },
      shop,
      "name: expected a project and stack of another name, got shop, that of the stack in /srv/shop",
    ],
    [
      "with the same control port",
      { ...api, controlPort: 20_001 },
      shop,
      "controlPort: expected a port of its own, got 20001, that of the stack in /srv/shop",
    ],
    [
      "with one of its names",
      { ...api, serverNames: names },
      { ...shop, serverNames: ["www.example.com", "api.example.com"] },
      "serverNames[1]: expected a name of its own, got api.example.com, one of the stack in /srv/shop",
    ],
  ])("%s", (_, own, other, line) => {
    expect(clashWith(own, [neighbour(other)])?.message).toBe(line);
  });
});

describe("in one server block", () => {
  test.each([
    ["/", "/api"],
    ["/api", "/"],
    ["/api", "/apis"],
    ["/shop/api", "/shop/admin"],
  ])("%s goes with %s", (theirs, pathPrefix) => {
    expect(overlapWith({ pathPrefix }, [neighbour({ ...shop, pathPrefix: theirs }, true)])).toBeUndefined();
  });

  test.each([
    ["/", "/"],
    ["/shop", "/shop"],
    ["/shop", "/shop/api"],
    ["/shop/api", "/shop"],
  ])("%s does not go with %s", (theirs, pathPrefix) => {
    expect(overlapWith({ pathPrefix }, [neighbour({ ...shop, pathPrefix: theirs })])?.message).toBe(
      `pathPrefix: expected a path that does not overlap with ${theirs}, which the stack in /srv/shop serves, got ${pathPrefix}`,
    );
  });

  test("a path may be that of a stack with a server block of its own, but not that of the owner", () => {
    const named = { ...shop, serverNames: ["shop.example.com"] };
    expect(overlapWith(shop, [neighbour(named)])).toBeUndefined();
    expect(overlapWith(shop, [neighbour(named, true)])?.property).toBe("pathPrefix");
  });
});
