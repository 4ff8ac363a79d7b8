import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";

// Loaded first by the processes that Pulumi starts: notes what costs round trips, one line each.
const [, entry] = /cmd\/(run|dynamic-provider)\//.exec(process.argv[1] ?? "") ?? [];
const file = process.env.ROLLGATE_BENCH_TRIPS;
if (entry !== undefined && file !== undefined) {
  const note = (trip: object) => appendFileSync(file, `${JSON.stringify({ pid: process.pid, ...trip })}\n`);
  const now = () => performance.timeOrigin + performance.now();
  const sent = new WeakMap<object, number>();
  const origin = performance.timeOrigin;
  note({ kind: "process", server: "", what: entry, began: origin, milliseconds: now() - origin });
  subscribe("rollgate:ssh", (trip) => note(Object(trip)));
  subscribe("undici:request:create", (message) => sent.set(Object(message).request, now()));
  const answered = (message: unknown) => {
    const { request, error } = Object(message);
    const began = sent.get(request) ?? now();
    const what = `${request.method} ${request.path}${error ? ` ${error.message}` : ""}`;
    note({ kind: "request", server: "", what, began, milliseconds: now() - began });
  };
  subscribe("undici:request:trailers", answered);
  subscribe("undici:request:error", answered);
}
