/** The part of this repository's package.json that the package's own is made of. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What the program that uses the package brings, with the oldest version that will do. */
const PEERS = { "@pulumi/pulumi": "^3.150.0", "@pulumi/docker": "^5.0.0", "@pulumi/kubernetes": "^4.20.0" };
/** Only the kinds docker and kubernetes need them. */
const OPTIONAL = { "@pulumi/docker": { optional: true }, "@pulumi/kubernetes": { optional: true } };
const KEYWORDS = ["pulumi", "spring-boot", "nginx", "zero-downtime", "rolling-deployment", "deployment"];

/** The package.json of the package, where the sources are compiled. `repository` is its owner and name on GitHub. */
export function packageManifest(
  { name, version, description, license, engines, exports, dependencies }: Manifest,
  repository: string | undefined,
): object {
  const own = Object.entries(dependencies).filter(([dependency]) => !Object.hasOwn(PEERS, dependency));
  const entries = Object.entries(exports).map(([path, source]) => [path, compiled(source)] as const);
  const main = Object.fromEntries(entries)["."];
  return {
    ...{ name, version, description, license, keywords: KEYWORDS },
    ...(repository !== undefined && {
      repository: { type: "git", url: `git+https://github.com/${repository}.git` },
    }),
    ...{ type: "module", engines },
    // For a TypeScript that doesn't read exports, as with Pulumi's own tsconfig.json.
    ...(main && { main: main.default, types: main.types }),
    typesVersions: {
      "*": Object.fromEntries(
        entries.flatMap(([path, { types }]) => (path === "." ? [] : [[path.slice(2), [types]]])),
      ),
    },
    exports: { ...Object.fromEntries(entries), "./package.json": "./package.json" },
    dependencies: Object.fromEntries(own.map(([dependency, exact]) => [dependency, `^${exact}`])),
    ...{ peerDependencies: PEERS, peerDependenciesMeta: OPTIONAL },
  };
}

function compiled(source: string) {
  return { types: source.replace(/\.ts$/, ".d.ts"), default: source.replace(/\.ts$/, ".js") };
}
