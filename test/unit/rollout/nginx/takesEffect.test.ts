import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { renderConfiguration } from "#rollout/nginx/renderConfiguration.ts";
import { serveConfiguration } from "#rollout/nginx/serveConfiguration.ts";
import { nginxSettings } from "../../../support/nginx.ts";

const TRIP_MILLISECONDS = 300;

/** An nginx that is not running yet, whose answers are long on their way; `answer` says which configuration it serves. */
function farNginx(answer: (asked: number) => string) {
  const asked: number[] = [];
  let [open, most] = [0, 0];
  const access = {
    isFlagged: async () => true,
    getAnew: async () => {
      const count = asked.push(performance.now());
      most = Math.max(most, ++open);
      await sleep(TRIP_MILLISECONDS);
      open--;
      return { statusCode: 200, body: Buffer.from(`stock ${answer(count)}`) };
    },
  };
  const nothing = async () => undefined;
  const doing = { served: nothing, propose: nothing, apply: nothing, commit: nothing, keepLog: nothing };
  const server = { ...doing, access, machine: { run: async () => "" }, isRunning: async () => false };
  return { server: Object(server), asked, atOnce: () => most };
}

test("a far nginx is asked at an interval whether it serves its configuration, not only after each answer", async () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080 });
  const { fingerprint } = renderConfiguration(settings);
  const { server, asked, atOnce } = farNginx(() => fingerprint);
  expect(await serveConfiguration(server, settings, 1)).toBe("started");
  expect(asked).toHaveLength(5);
  expect(atOnce()).toBeGreaterThan(1);
  // Old workers, too, answer for about 100 ms.
  expect((asked[4] ?? 0) - (asked[0] ?? 0)).toBeGreaterThan(TRIP_MILLISECONDS + 190);
});

test("an old answer among the new ones makes it ask all over again", async () => {
  const settings = nginxSettings({ directory: "/srv/nginx", port: 8080 });
  const { fingerprint } = renderConfiguration(settings);
  const { server, asked } = farNginx((count) => (count === 3 ? "old" : fingerprint));
  expect(await serveConfiguration(server, settings, 1)).toBe("started");
  expect(asked).toHaveLength(10);
});
