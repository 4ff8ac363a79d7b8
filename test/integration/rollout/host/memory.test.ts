import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readScripts } from "#rollout/machine/scripts.ts";
import { temporaryDirectory } from "../../../support/temporaryDirectory.ts";

const SCRIPT = readScripts(new URL("../../../../rollout/host/scripts/", import.meta.url), "print-memory");
const KNOWN = {
  "proc/meminfo": "MemTotal:       16000000 kB\nMemFree:         1000 kB\nMemAvailable:    8000000 kB\n",
  "proc/7/status": "Name:\tjava\nVmPeak:\t 9000000 kB\nVmHWM:\t  600000 kB\nVmRSS:\t  500000 kB\n",
  "proc/7/cgroup": "0::/\n",
};

/** What the script prints about process 7 on a machine with these files below /proc and /sys/fs/cgroup. */
async function printed(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryDirectory();
  for (const [name, text] of Object.entries({ ...KNOWN, ...files })) {
    const file = join(root, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const script = SCRIPT.replaceAll("/sys/fs/cgroup", `${root}/cgroup`).replaceAll("/proc/", `${root}/proc/`);
  return execFileSync("sh", ["-c", `pids=" 7"\n${script}`]).toString();
}

const inMebibytes = (mebibytes: number) => `${mebibytes * 1024 * 1024}\n`;

describe("the room for another JVM", () => {
  test("is what the machine has left, and a JVM needs the most that the running one has used", async () => {
    expect(await printed({})).toBe("8000000 600000\n");
  });

  test("is less in a control group with a limit, of which the page cache can be reclaimed", async () => {
    const limited = {
      "proc/7/cgroup": "0::/apps.slice/app-1.service\n",
      "cgroup/apps.slice/memory.max": inMebibytes(2048),
      "cgroup/apps.slice/memory.current": inMebibytes(1536),
      "cgroup/apps.slice/memory.stat": `anon 1\ninactive_file ${inMebibytes(256)}active_file 5\n`,
      "cgroup/apps.slice/app-1.service/memory.max": "max\n",
      "cgroup/apps.slice/app-1.service/memory.current": inMebibytes(1536),
    };
    expect(await printed(limited)).toBe(`${768 * 1024} 600000\n`);
  });

  test("is less in a control group of version 1, whose numbers without a limit have 19 digits", async () => {
    const limited = {
      "proc/7/cgroup": "4:memory:/docker/abc\n1:cpu:/docker/abc\n0::/\n",
      "cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "cgroup/memory/memory.usage_in_bytes": inMebibytes(9000),
      "cgroup/memory/docker/abc/memory.limit_in_bytes": inMebibytes(1024),
      "cgroup/memory/docker/abc/memory.usage_in_bytes": inMebibytes(1000),
    };
    expect(await printed(limited)).toBe(`${24 * 1024} 600000\n`);
  });

  test("is read from the root of a container that sees nothing above itself", async () => {
    const limited = { "cgroup/memory.max": inMebibytes(512), "cgroup/memory.current": inMebibytes(500) };
    expect(await printed(limited)).toBe(`${12 * 1024} 600000\n`);
  });

  test("is unknown if the process is hidden", async () => {
    expect(await printed({ "proc/7/status": "" })).toBe("");
  });
});
