import { spawn } from "node:child_process";
import { pulumiEnvironment } from "./pulumiEnvironment.ts";
import { reportFailure } from "./reportFailure.ts";
import { standInFor } from "./standInFor.ts";

const { executable, env } = await pulumiEnvironment().catch(reportFailure);
standInFor(spawn(executable, process.argv.slice(2), { env, stdio: "inherit" }));
