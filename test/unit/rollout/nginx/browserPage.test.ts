import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { browserPage } from "#rollout/nginx/flavours/browserPage.ts";
import { twoSlotsInARow } from "../../../support/nginx.ts";
import { MODULES, recordedStatus } from "../../../support/nginxStatus.ts";

/** What the page's script puts into the page, with these answers of nginx. */
async function shown(
  text: string,
  answers: Readonly<Record<string, Response>>,
  pathname = "/status",
): Promise<{ title: string; main: string }> {
  const [, script = ""] = /<script>([\s\S]*)<\/script>/.exec(text) ?? [];
  const main = { innerHTML: "" };
  const document = {
    title: "",
    head: { insertAdjacentHTML: () => {} },
    body: { classList: { toggle: () => {} } },
    querySelector: () => main,
  };
  const globals = {
    document,
    location: { pathname },
    fetch: async (path: string) => answers[path] ?? Promise.reject(new Error(`${path} is not asked`)),
    setTimeout: () => {},
  };
  await runInNewContext(script.replace("keepShowing();", "show();"), globals);
  return { title: document.title, main: main.innerHTML };
}

function rollAnswer(drained: string): Response {
  const state = { format: 1, slots: { "app-2": { release: "1.0.0", drainedBy: "roll of 1.1.0 by ann" } } };
  const roll = {
    owner: "ann",
    release: "1.1.0",
    outcome: "rolling",
    began: "2026-11-27T04:15:12Z",
    hosts: [],
  };
  const written = "2026-11-27T04:15:42Z";
  return new Response(JSON.stringify({ ...state, written, roll }), {
    headers: {
      "X-Drained": drained,
      "Last-Modified": "Fri, 27 Nov 2026 04:15:42 GMT",
      Date: "Fri, 27 Nov 2026 04:15:54 GMT",
    },
  });
}

test.each(MODULES)("with the checks of the %s, it shows them, and what the roll has left", async (module) => {
  const status = await recordedStatus(module, "one-down");
  const addresses = [...status.toString("latin1").matchAll(/"name": "([\d.]+):(\d+)"/g)];
  const hosts = addresses.map(([, address = "", port], index) => ({
    name: `app-${index + 1}`,
    address,
    port: Number(port),
  }));
  const page = await shown(browserPage({ hosts }, true).text, {
    "/status/roll": rollAnswer("app-2"),
    "/status?format=json": new Response(status),
  });
  expect(page.main).toMatch(/<span class="mark up">up<[\s\S]*<span class="mark down">down</);
  expect(page.main).toMatch(
    /passed in a row<[\s\S]*roll of 1\.1\.0 by ann<[\s\S]*<td>1\.0\.0<[\s\S]*failed in a row</,
  );
  expect(page.main).toContain("for 42 s, by ann");
  expect(page.main).toContain("no word for 12 s");
});

test("without checks, a slot that is not drained gets requests, and a drained one that runs nothing is empty", async () => {
  const hosts = twoSlotsInARow(1);
  const nothing = new Response("", { status: 404, headers: { "X-Drained": "app-1_b" } });
  const { title, main } = await shown(
    browserPage({ hosts }, false).text,
    { "/api/status/roll": nothing },
    "/api/status/page",
  );
  expect(title).toBe("1 of 1 host takes traffic");
  expect(main).toMatch(/app-1<[\s\S]*not checked<[\s\S]*takes traffic<[\s\S]*app-1_b<[\s\S]*empty</);
  expect(main).not.toContain("<section");
});
