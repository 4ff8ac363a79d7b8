import { go } from "./go.ts";
import { isAtLeast } from "./isAtLeast.ts";
import { SetupError } from "./setupError.ts";
import { minimumVersions } from "./versions.ts";

/** Throws if Go is missing or too old to build the Pulumi CLI. */
export async function requireGo(): Promise<void> {
  // Run inside the module, where Go may switch to a newer toolchain.
  const answer = await go("pulumi-cli", "version").catch(() => "no Go");
  const version = /go(\d+\.\d+(\.\d+)?)/.exec(answer)?.[1];
  if (version && isAtLeast(version, minimumVersions.go)) return;
  throw new SetupError(
    `Pulumi CLI … not found and not downloaded; to build it, expected Go ≥ ${minimumVersions.go}, got ${version ?? "none"}. ` +
      `Install Pulumi ≥ ${minimumVersions.pulumi} or Go ≥ ${minimumVersions.go} and run this again`,
  );
}
