import { beforeEach, vi } from "vitest";

/** For every test of a file: what this machine's own user has set of Docker must not decide it. */
export function withoutDockerSettings(): void {
  beforeEach(() => {
    for (const name of ["HOST", "CONTEXT", "CONFIG", "TLS", "TLS_VERIFY", "CERT_PATH"]) {
      vi.stubEnv(`DOCKER_${name}`, undefined);
    }
    return () => vi.unstubAllEnvs();
  });
}
