import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks.js";
import { parse } from "yaml";

/** A resource as the program declared it. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  /** Its provider, if any. */
  readonly provider: string | undefined;
}

/** What a program declares. */
export interface Declarations {
  readonly resources: readonly Declared[];
  /** The names of what a resource depends on. */
  dependencies(name: string): string[];
  /** Waits until everything is registered; `<type of parent>$<type>::<name>` of every resource, in order. */
  tree(): Promise<string[]>;
}

/** How Pulumi marks a secret in what it sends to its engine. */
export function secret(value: unknown): object {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}

/** Replaces Pulumi's engine; every resource is created as declared. */
export async function mockPulumi({ project = "rollgate", stack = "test" } = {}): Promise<Declarations> {
  const resources: Declared[] = [];
  await pulumi.runtime.setMocks(
    {
      call: () => ({}),
      newResource: ({ type, name, inputs, provider }) => {
        resources.push({ type, name, inputs, provider });
        return { id: `${name}-id`, state: inputs };
      },
    },
    project,
    stack,
  );
  const monitor: unknown = pulumi.runtime.getMonitor();
  if (!(monitor instanceof MockMonitor)) throw new Error("Pulumi is not mocked");
  const dependencies = new Map<string, string[]>();
  const declare = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    const { name, dependenciesList } = request.toObject();
    dependencies.set(
      name,
      dependenciesList.map((urn: string) => urn.split("::").at(-1) ?? ""),
    );
    return declare(request, ...rest);
  };
  return {
    resources,
    dependencies: (name) => dependencies.get(name) ?? [],
    tree: async () => {
      await pulumi.runtime.disconnect();
      return [...monitor.getRegisteredResources().keys()].map((urn) => urn.split("::").slice(2).join("::"));
    },
  };
}

/** The value of an output, once it is known. */
export function known<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

/** Sets the stack's configuration: the defaults of Pulumi.yaml, overridden by these; `undefined` unsets. */
export async function configure(settings: Readonly<Record<string, unknown>>): Promise<void> {
  const merged = Object.entries({ ...(await defaults()), ...settings });
  const texts = merged.flatMap(([key, value]) =>
    value === undefined
      ? []
      : [[`${pulumi.getProject()}:${key}`, typeof value === "string" ? value : JSON.stringify(value)]],
  );
  pulumi.runtime.setAllConfig(Object.fromEntries(texts));
}

async function defaults(): Promise<Record<string, unknown>> {
  const file = join(import.meta.dirname, "..", "..", "Pulumi.yaml");
  const { config } = parse(await readFile(file, "utf8"));
  return Object.fromEntries(
    Object.entries(Object(config)).flatMap(([key, setting]) =>
      Object.hasOwn(Object(setting), "default") ? [[key, Object(setting).default]] : [],
    ),
  );
}
