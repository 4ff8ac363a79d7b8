import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { inRepository } from "../../../tools/inRepository.ts";

const FILES = [
  ...["checks", "status", "roll", "slots", "metrics", "page", "style"].map((file) => [
    "rollout",
    "nginx",
    "njs",
    `${file}.js`,
  ]),
  ...["pods", "followed", "choose", "counts"].map((file) => [
    ...["kinds", "kubernetes", "front", "njs", `${file}.js`],
  ]),
];
const LIMITS = { rise: 1, fall: 2, timeoutMilliseconds: 100, expect: ["2xx"], path: "/", port: 80 };

/** Shared memory of nginx, with how often it is read. */
export class Zone extends Map<string, string> {
  reads = 0;

  override get(key: string): string | undefined {
    this.reads++;
    return super.get(key);
  }

  // nginx's returns an array.
  override keys(): never {
    return [...super.keys()] as never;
  }

  pop(key: string): string | undefined {
    const value = super.get(key);
    super.delete(key);
    return value;
  }

  incr(key: string, by: number, from: number): number {
    const now = Number(super.get(key) ?? from) + by;
    super.set(key, String(now));
    return now;
  }
}

/** A list of pods, as nginx keeps it. */
export interface ListedPod {
  readonly name: string;
  readonly address?: string;
  readonly takes?: boolean;
  readonly serves?: boolean;
}

/** The JavaScript of nginx in front of pods, with shared memory and files of a test's own. */
export class FrontScript {
  readonly states = new Zone();
  readonly pods = new Zone();
  readonly files = new Map([["ca.crt", "one"]]);
  readonly lines: string[] = [];
  /** What the API and the pods answer to nginx. */
  answer: (url: string) => { readonly status: number; readonly body?: unknown } = () => ({ status: 200 });
  /** Characters of JSON that it has read. */
  parsed = 0;
  milliseconds = 1_000_000;

  list(pods: readonly ListedPod[]): void {
    const list = pods.map(({ name, address = name, takes = true, serves = true }) => {
      return { name, host: name, key: name, address, takes, serves, url: `http://${address}/` };
    });
    this.pods.set("list", JSON.stringify(list));
  }

  state(pod: string, up: boolean, fall = 0): void {
    this.states.set(pod, JSON.stringify({ up, fall, rise: 0, at: 1, took: 1, result: "200" }));
  }

  /** Runs a piece of JavaScript. */
  run(expression: string): ReturnType<typeof JSON.parse> {
    const shared = {
      ...{ shop: this.states, shop_pods: this.pods },
      ...{ shop_refused: new Zone(), shop_counts: new Zone() },
    };
    const fetch = async (url: string) => {
      const { status, body } = this.answer(url);
      return { status, json: async () => body };
    };
    const read = (file: string) => {
      const text = this.files.get(file);
      if (text === undefined) throw new Error("no such file");
      return text;
    };
    const now = () => this.milliseconds;
    class Clock extends Date {
      static override now(): number {
        return now();
      }
    }
    const context = {
      ngx: { shared, fetch, WARN: 1, log: (_: number, line: string) => this.lines.push(line) },
      fs: { readFileSync: read, writeFileSync: (file: string, text: string) => this.files.set(file, text) },
      JSON: {
        stringify: JSON.stringify,
        parse: (text: string) => {
          this.parsed += text.length;
          return JSON.parse(text);
        },
      },
      Date: Clock,
      ...{ process: { pid: 1, env: {} }, setTimeout, clearTimeout },
    };
    const before = [
      'const ID = "pods"; const STACK = "shop"; const TOKEN = "token"; const KEPT = "kept"; const AUTHORITY = "ca.crt";',
      `const CONTROL = "http://control"; const LIMITS = ${JSON.stringify(LIMITS)};`,
    ];
    const script = FILES.map((file) => readFileSync(inRepository(...file), "utf8"));
    return runInNewContext([...before, ...script, expression].join("\n"), context);
  }

  /** What a location answers. */
  location(name: string): { readonly status: number; readonly body: string } {
    const answered = { status: 0, body: "" };
    const expression = `${name}({ args: {}, variables: { shop_drained: "" }, headersOut: {}, return: (status, body) => { got = { status, body }; } }); got;`;
    return Object.assign(answered, this.run(`let got;\n${expression}`));
  }
}
