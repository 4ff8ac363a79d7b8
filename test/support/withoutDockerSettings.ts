import { beforeEach, vi } from "vitest";

/** For every test of a file: ignores the user's own Docker settings. */
export function withoutDockerSettings(): void {
  beforeEach(() => {
    for (const name of ["HOST", "CONTEXT", "CONFIG", "TLS", "TLS_VERIFY", "CERT_PATH"]) {
      vi.stubEnv(`DOCKER_${name}`, undefined);
    }
    return () => vi.unstubAllEnvs();
  });
}
