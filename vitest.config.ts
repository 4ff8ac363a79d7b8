import { defineConfig } from "vitest/config";

// Node runs the project's own files as they are: vitest would rewrite the `import()` in the components'
// providers, and Pulumi could not serialise them any more.
const ours = new RegExp(
  `^${RegExp.escape(import.meta.dirname)}/((components|rollout)/|(settings|index)\\.ts)`,
);

// After the others and one at a time: they would leave no processor for short deadlines.
const oneAtATime = (name: string, groupOrder: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], fileParallelism: false, sequence: { groupOrder } },
});

export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    server: { deps: { external: [ours] } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/endToEnd/**", "test/ssh/**", "test/docker/**", "test/faults/**"],
          // They wait more than they compute.
          maxWorkers: 4,
        },
      },
      oneAtATime("endToEnd", 1),
      oneAtATime("ssh", 2),
      oneAtATime("docker", 3),
      oneAtATime("faults", 4),
    ],
  },
});
