import { report } from "./report.ts";

/** Reports that something takes a while, and every 15 s for how long it has been running. */
export async function withProgress<T>(what: string, work: Promise<T>): Promise<T> {
  const started = performance.now();
  const seconds = () => `${Math.round((performance.now() - started) / 1000)} s`;
  report(what);
  const timer = setInterval(() => report(`${what} ${seconds()}`), 15_000);
  try {
    const result = await work;
    report(`${what} done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
