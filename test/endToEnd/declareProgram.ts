import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as pulumi from "@pulumi/pulumi";

/** A resource, the names of those it waits for, and what it was given. */
export interface DeclaredResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly dependencies: readonly string[];
}

/** What a program is run with. */
export interface ProgramRun {
  readonly project: string;
  readonly config: Readonly<Record<string, string>>;
  /** What clouds would add to a resource, by its name, and answer to a function, by its token. */
  readonly outputs: Readonly<Record<string, object>>;
  readonly answers: Readonly<Record<string, object>>;
}

const nameOf = (urn: string) => urn.split("::").at(-1) ?? "";

/** Runs the program of a folder with Pulumi's mocks, and writes down what it declares. */
async function declareProgram(folder: string, file: string, run: ProgramRun): Promise<void> {
  const { project, config, outputs, answers } = run;
  const resources: Omit<DeclaredResource, "dependencies">[] = [];
  await pulumi.runtime.setMocks(
    {
      call: ({ token }) => answers[token] ?? {},
      newResource: ({ type, name, inputs }) => {
        resources.push({ type, name, inputs });
        return { id: String(resources.length), state: { ...inputs, ...outputs[name] } };
      },
    },
    project,
    "prod",
  );
  pulumi.runtime.setAllConfig(config);
  const dependencies = new Map<string, string[]>();
  const monitor = Object(pulumi.runtime.getMonitor());
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request: unknown, ...rest: unknown[]) => {
    const { type, name, dependenciesList } = Object(request).toObject();
    dependencies.set(`${type} ${name}`, dependenciesList.map(nameOf).sort());
    return register(request, ...rest);
  };
  const program: object = await import(pathToFileURL(join(folder, "index.ts")).href);
  // A service looks at its jar and its servers first.
  await Promise.all(
    Object.values(program).map((each) => new Promise((resolve) => pulumi.output(each).apply(resolve))),
  );
  await pulumi.runtime.disconnect();
  const declared: DeclaredResource[] = resources.map((resource) => ({
    ...resource,
    dependencies: dependencies.get(`${resource.type} ${resource.name}`) ?? [],
  }));
  await writeFile(file, JSON.stringify(declared));
}

const [folder = "", file = "", run = "{}"] = process.argv.slice(2);
process.chdir(folder);
await declareProgram(folder, file, JSON.parse(run));
