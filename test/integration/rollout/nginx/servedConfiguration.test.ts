import { expect, test } from "vitest";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { hashedName, isHashed, servedConfiguration } from "#rollout/nginx/servedConfiguration.ts";
import { nginxSettings } from "../../../support/nginx.ts";

const { text, files } = renderConfiguration(
  nginxSettings({
    directory: "/srv/nginx",
    port: 8080,
    flavour: "njs",
    njsModule: "/m/ngx_http_js_module.so",
  }),
);
const script = files[0] ?? { name: "", text: "" };

/** What would be served from a directory that holds these files. */
function served(held: Record<string, string>) {
  return servedConfiguration(async (name) => held[name]);
}

test("the script's name contains its hash, and nginx.conf names it", () => {
  expect(files.map(({ name }) => name)).toEqual([hashedName(script.text, "js")]);
  expect(text).toContain(`js_import market from ${script.name};`);
  expect(isHashed(script.name)).toBe(true);
  expect(["rollgate.js", `${script.name}.map`, `x${script.name}`].some(isHashed)).toBe(false);
});

test("an nginx.conf with its script is served as it is", async () => {
  expect(await served({ "nginx.conf": text, [script.name]: script.text })).toBe(text);
});

test("an edited or missing script shows up like an edited nginx.conf", async () => {
  expect(await served({ "nginx.conf": text, [script.name]: `${script.text}//` })).toBe(
    `${text}# ${script.name} was edited\n`,
  );
  expect(await served({ "nginx.conf": text })).toBe(`${text}# ${script.name} is missing\n`);
});

test("an unconfirmed change shows up like an edit of the previous configuration", async () => {
  const held = { "nginx.conf": "new", "nginx.conf.old": text, [script.name]: script.text };
  expect(await served(held)).toBe(`${text}# a change was not confirmed\n`);
});

test("a configuration without a script is complete with the page for browsers", async () => {
  const stock = renderConfiguration(nginxSettings({ directory: "/srv/nginx", port: 8080 }));
  const page = stock.files[0] ?? { name: "", text: "" };
  expect(stock.files.map(({ name }) => name)).toEqual([hashedName(page.text, "page")]);
  expect(await served({ "nginx.conf": stock.text, [page.name]: page.text })).toBe(stock.text);
  expect(await served({})).toBeUndefined();
});
