import { existsSync } from "node:fs";
import { runAsRoot } from "./runAsRoot.ts";

/** Installs a package without its service starting, now or at boot; the mask in /run never survives a reboot. */
export async function withoutService<T>(service: string, install: () => Promise<T>): Promise<T> {
  if (!existsSync("/run/systemd/system")) return install();
  await runAsRoot("systemctl", "mask", "--quiet", "--runtime", service);
  try {
    return await install();
  } finally {
    await runAsRoot("systemctl", "unmask", "--quiet", "--runtime", service);
    await runAsRoot("systemctl", "disable", "--quiet", service).catch(() => {});
  }
}
