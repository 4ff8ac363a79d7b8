import { ensurePulumi } from "./ensurePulumi.ts";
import { ensureSystemPackages } from "./ensureSystemPackages.ts";
import { reportFailure } from "./reportFailure.ts";

await ensureSystemPackages().then(ensurePulumi).catch(reportFailure);
