import { readFile } from "node:fs/promises";
import { check, create } from "#provider/deployment.ts";
import { messageOf } from "#rollout/common/errors.ts";

/**
 * Does what the Pulumi provider's update does, in a process that a test may kill: `node roller.ts <engine> <inputs>`.
 * `engine` is an address to watch, or anything else to watch nothing; `inputs` is a JSON file.
 */
const [, , , file = ""] = process.argv;
const { inputs, failures = [] } = await check({
  olds: {},
  news: JSON.parse(await readFile(file, "utf8")),
});
for (const { property, reason } of failures) console.log(`${property}: ${reason}`);
if (inputs) {
  await create(inputs).then(
    ({ outs }) => console.log(`releases ${JSON.stringify(outs.releases)}`),
    (error: unknown) => {
      process.exitCode = 1;
      console.log(messageOf(error));
      for (const reason of Object(error).reasons ?? []) console.log(String(reason));
    },
  );
} else {
  process.exitCode = 1;
}
