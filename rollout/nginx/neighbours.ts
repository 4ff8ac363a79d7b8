import { join } from "node:path";
import { InvalidInput } from "../common/errors.ts";
import type { Machine } from "../machine/machine.ts";
import { nginxScript } from "./nginxScripts.ts";

/** What a stack serves from an nginx that it shares with others. */
export interface Serving {
  /** The prefix of everything in its configuration that has a name. */
  readonly name: string;
  readonly controlPort: number;
  /** Those of its own server block; empty if that serves any name, or if it is in a server block of somebody else's. */
  readonly serverNames: readonly string[];
  readonly pathPrefix: string;
}

/** Another stack behind the same nginx. */
export interface Neighbour {
  readonly directory: string;
  /** Absent if it has no configuration at the moment. */
  readonly serving?: Serving;
  /** Whether the nginx is its own. */
  readonly isOwner: boolean;
}

const PRINT = nginxScript("print-neighbours");

/** Comments that tell other stacks what this one serves, a name each, because nginx limits the length of a comment. */
export function servingLines({ name, controlPort, serverNames, pathPrefix }: Serving): string {
  const lines = [`is ${name}`, `asks at ${controlPort}`, `serves ${pathPrefix}`];
  return [...lines, ...serverNames.map((each) => `serves as ${each}`)]
    .map((line) => `# rollgate ${line}\n`)
    .join("");
}

/** The other stacks behind an nginx; `own` is our file in the folder, and `owner` the folder of the stack whose nginx it is. */
export async function readNeighbours(
  machine: Pick<Machine, "run">,
  folder: string,
  { own = "", owner }: { readonly own?: string; readonly owner?: string },
): Promise<Neighbour[]> {
  const configuration = owner === undefined ? "" : join(owner, "nginx.conf");
  const printed = await machine.run(PRINT, [folder, own, configuration]);
  return printed
    .split(/^folder /m)
    .slice(1)
    .map((part) => {
      const [directory = "", ...lines] = part.trimEnd().split("\n");
      const serving = servingOf(lines.join("\n"));
      return { directory, ...(serving && { serving }), isOwner: directory === owner };
    });
}

/** Why a stack can't be behind the same nginx as the others, or `undefined`. */
export function clashWith(
  { name, controlPort, serverNames }: Omit<Serving, "pathPrefix">,
  neighbours: readonly Neighbour[],
): InvalidInput | undefined {
  for (const { directory, serving } of neighbours) {
    if (!serving) continue;
    const by = `of the stack in ${directory}`;
    if (serving.name === name)
      return new InvalidInput(
        "name",
        `expected a project and stack of another name, got ${name}, that ${by}`,
      );
    if (serving.controlPort === controlPort)
      return new InvalidInput("controlPort", `expected a port of its own, got ${controlPort}, that ${by}`);
    const index = serverNames.findIndex((each) => serving.serverNames.includes(each));
    if (index >= 0)
      return new InvalidInput(
        `serverNames[${index}]`,
        `expected a name of its own, got ${serverNames[index]}, one ${by}`,
      );
  }
  return undefined;
}

/** Why a stack can't be in the same server block as the others, or `undefined`. */
export function overlapWith(
  { pathPrefix }: Pick<Serving, "pathPrefix">,
  neighbours: readonly Neighbour[],
): InvalidInput | undefined {
  for (const { directory, serving, isOwner } of neighbours) {
    // One with names of its own has a server block of its own.
    if (!serving || (serving.serverNames.length > 0 && !isOwner) || !overlap(serving.pathPrefix, pathPrefix))
      continue;
    return new InvalidInput(
      "pathPrefix",
      `expected a path that does not overlap with ${serving.pathPrefix}, which the stack in ${directory} serves, got ${pathPrefix}`,
    );
  }
  return undefined;
}

/** What is under / and no other prefix gets to the application that serves it. */
function overlap(one: string, other: string): boolean {
  if (one === other) return true;
  if (one === "/" || other === "/") return false;
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

function servingOf(text: string): Serving | undefined {
  const words = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, word = ""]) => word);
  const [name] = words(/^# rollgate is (\S+)$/gm);
  const [controlPort] = words(/^# rollgate asks at (\d+)$/gm);
  const [pathPrefix] = words(/^# rollgate serves (\/\S*)$/gm);
  if (name === undefined || controlPort === undefined || pathPrefix === undefined) return undefined;
  const serverNames = words(/^# rollgate serves as (\S+)$/gm);
  return { name, controlPort: Number(controlPort), serverNames, pathPrefix };
}
