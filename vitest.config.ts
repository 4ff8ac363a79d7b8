import { defineConfig } from "vitest/config";

// Node runs the project's own files as they are: vitest would rewrite the `import()` in the components'
// providers, and Pulumi could not serialise them any more.
const ours = new RegExp(
  `^${RegExp.escape(import.meta.dirname)}/((components|kinds|provider|rollout|settings)/|index\\.ts)`,
);

// One file at a time: they would leave no processor for short deadlines.
const oneAtATime = (name: string, groupOrder: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], fileParallelism: false, sequence: { groupOrder } },
});

// Several workers, whatever the processors: most tests wait more than they compute.
export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    server: { deps: { external: [ours] } },
    projects: [
      // Node and npm packages only: no nginx, no JVM, no engine, no server.
      // They share processes, since loading zod, undici and Pulumi for each file would take most of the time.
      {
        extends: true,
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], isolate: false, maxWorkers: 6 },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      oneAtATime("endToEnd", 2),
      oneAtATime("ssh", 3),
      oneAtATime("docker", 4),
      oneAtATime("faults", 5),
      // Builds and runs an application by every generation of Spring Boot.
      oneAtATime("applications", 6),
      // Brings up a cluster of its own, which takes long to build.
      oneAtATime("kubernetes", 7),
    ],
  },
});
