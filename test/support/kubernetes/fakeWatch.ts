import type { ServerResponse } from "node:http";

type Json = ReturnType<typeof JSON.parse>;

/** Who is told how the objects of a kind change. */
export class FakeWatch {
  readonly kind: string;
  readonly response: ServerResponse;
  #known: ReadonlyMap<string, string>;

  constructor(kind: string, response: ServerResponse, objects: readonly Json[]) {
    this.kind = kind;
    this.response = response;
    this.#known = written(objects);
  }

  tell(objects: readonly Json[]): void {
    const now = written(objects);
    const send = (type: string, object: string) =>
      this.response.write(`{"type":"${type}","object":${object}}\n`);
    for (const [name, object] of now) {
      const known = this.#known.get(name);
      if (known !== object) send(known === undefined ? "ADDED" : "MODIFIED", object);
    }
    for (const [name, object] of this.#known) if (!now.has(name)) send("DELETED", object);
    this.#known = now;
  }
}

function written(objects: readonly Json[]): ReadonlyMap<string, string> {
  return new Map(objects.map((object) => [object.metadata.name, JSON.stringify(object)]));
}
