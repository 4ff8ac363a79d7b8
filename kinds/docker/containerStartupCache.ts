import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import { readScripts } from "#rollout/machine/scripts.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { type Classes, type Prepared, StartupCache } from "#rollout/startupCache/startupCache.ts";
import { jarInContainer, releaseInContainer } from "./containerOptions.ts";
import { archiveName, CLASS_LIST, lookAtUnpacked } from "./containerStart.ts";
import type { DockerSlot } from "./dockerSlot.ts";
import { HostContainer } from "./hostContainer.ts";
import { inItsWords } from "./inItsWords.ts";
import { JavaContainer } from "./javaContainer.ts";

const SCRIPTS = new URL("../../rollout/startupCache/scripts/", import.meta.url);
const REQUIRE_ROOM = readScripts(SCRIPTS, "startup-files", "require-room");
const COPY_UNPACKED = readScripts(SCRIPTS, "startup-files", "copy-unpacked", "copy-from-host");
const DROP = readScripts(SCRIPTS, "startup-files", "drop-unpacked");
const FINISH = readScripts(SCRIPTS, "startup-files", "finish-startup");
const TAKE_LIST = readScripts(SCRIPTS, "take-list");
const KEEP_MADE = readScripts(SCRIPTS, "../../machine/scripts/sha256-of", "keep-classes", "keep-made");
const [OLDEST, NEWEST] = [17, 25];
const LOOK_SECONDS = 60;
/** With these, Java would take at once the memory that only the application needs. */
const TAKES_MEMORY = /^(-Xms|-XX:(InitialHeapSize|InitialRAMPercentage)=|-XX:\+AlwaysPreTouch$)/;

/**
 * What makes a release start faster in the containers of a host. The application lists its classes as it loads them, and
 * Java makes an archive of them in a container of its own. So an image needs nothing but Java, and the application does not
 * stand still.
 */
export class ContainerStartupCache implements Pick<StartupCache, keyof StartupCache> {
  readonly #docker: Docker;
  readonly #slots: readonly DockerSlot[];
  readonly machine: Pick<Machine, "run">;
  readonly #directory: string;
  readonly #launch: Launch;
  readonly #java: JavaContainer;
  readonly #files: StartupCache;

  /** `machine` sees the host's files in `directory`. */
  constructor(
    docker: Docker,
    slots: readonly [DockerSlot, ...DockerSlot[]],
    machine: Pick<Machine, "run"> & { readonly imageOf: string },
    directory: string,
    launch: Launch,
  ) {
    this.#docker = docker;
    this.#slots = slots;
    this.machine = machine;
    this.#directory = directory;
    this.#launch = launch;
    this.#java = new JavaContainer(docker, slots[0], launch, machine.imageOf);
    this.#files = new StartupCache(machine, directory, launch);
  }

  prepare(
    release: string,
    mayUnpack: boolean,
    time: number,
    signal?: AbortSignal,
    beside?: object,
  ): Promise<Prepared | undefined> {
    return inItsWords(() => this.#prepare(release, mayUnpack, time, signal, beside));
  }

  async #prepare(
    release: string,
    mayUnpack: boolean,
    time: number,
    signal: AbortSignal | undefined,
    beside: object | undefined,
  ): Promise<Prepared | undefined> {
    const archive = await archiveName(this.#docker, this.#launch);
    if (archive === undefined) return undefined;
    const state = await lookAtUnpacked(this.machine, this.#directory, release, archive, {
      deadlineSeconds: LOOK_SECONDS,
      signal,
    });
    if (state === "missing") {
      if (!mayUnpack) return undefined;
      await this.#unpack(release, time, signal, beside);
    }
    if (state === "there" || state === "wanted") return { archive, isThere: state === "there" };
    const obstacle = await this.#obstacle(signal);
    if (obstacle !== undefined) return { obstacle, isThere: false };
    const wanted = `releases/${release}/startup/${archive}.wanted`;
    await this.machine.run(': > "$1/$2"', [this.#directory, wanted], { signal });
    return { archive, isThere: false };
  }

  /** `pid` is that of the container. */
  record(release: string, pid: number, archive: string, signal?: AbortSignal): Promise<void> {
    return inItsWords(() => this.#record(release, pid, archive, signal));
  }

  async #record(
    release: string,
    pid: number,
    archive: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const suffix = randomUUID();
    const args = [this.#directory, release, archive, suffix];
    await this.machine.run(TAKE_LIST, args, { input: await this.#classList(pid), signal });
    const startup = `${releaseInContainer(release)}/startup`;
    await this.#java.run(
      [
        ...this.#launch.jvmOptions.filter((option) => !TAKES_MEMORY.test(option)),
        "-Xshare:dump",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        `-XX:SharedClassListFile=${startup}/.${archive}.list.${suffix}`,
        `-XX:SharedArchiveFile=${startup}/.${archive}.${suffix}`,
        "-jar",
        `${startup}/app.jar`,
      ],
      signal,
    );
    await this.machine.run(KEEP_MADE, args, { signal });
  }

  read(release: string, archive: string, signal?: AbortSignal): Promise<Classes> {
    return this.#files.read(release, archive, signal);
  }

  install(release: string, archive: string, classes: Classes, signal?: AbortSignal): Promise<void> {
    return this.#files.install(release, archive, classes, signal);
  }

  async copyFrom(other: object, release: string, archive: string, signal?: AbortSignal): Promise<boolean> {
    if (!(other instanceof ContainerStartupCache)) return false;
    return this.#files.copyFrom(other.#files, release, archive, signal);
  }

  async #unpack(
    release: string,
    time: number,
    signal: AbortSignal | undefined,
    beside: object | undefined,
  ): Promise<void> {
    const suffix = randomUUID();
    const jar = jarInContainer(release);
    const to = `${releaseInContainer(release)}/.startup.${suffix}`;
    const quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const args = [this.#directory, release, suffix];
    await this.machine.run(REQUIRE_ROOM, args, { signal });
    try {
      if (!(await this.#copyUnpacked(beside, args, signal))) {
        await this.#java.run(
          [...quick, "-Djarmode=tools", "-jar", jar, "extract", "--destination", to],
          signal,
        );
      }
      await this.machine.run(FINISH, [...args, String(time)], { signal });
    } catch (error) {
      await this.machine.run(DROP, args).catch(() => {});
      throw error;
    }
  }

  /** Returns whether another host on the same machine had the unpacked files. */
  async #copyUnpacked(
    beside: object | undefined,
    args: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (!(beside instanceof ContainerStartupCache) || beside.machine !== this.machine) return false;
    const printed = await this.machine.run(COPY_UNPACKED, [...args, beside.#directory], { signal });
    return printed.trim() === "copied";
  }

  /** Why the image's Java can't use an archive. */
  async #obstacle(signal: AbortSignal | undefined): Promise<string | undefined> {
    const lines = await this.#java.run(["-XshowSettings:properties", "-version"], signal);
    const property = (name: string) =>
      lines.map((line) => line.trim().split(" = ")).find(([key]) => key === name)?.[1] ?? "";
    const version = Number(property("java.specification.version"));
    const isHotSpot = /HotSpot|OpenJDK/.test(property("java.vm.name"));
    if (isHotSpot && version >= OLDEST && version <= NEWEST) return undefined;
    return `the image's Java is no HotSpot ${OLDEST} to ${NEWEST}`;
  }

  /** A tar archive with the file in it. */
  async #classList(pid: number): Promise<Readable> {
    for (const slot of this.#slots) {
      const running = await new HostContainer(this.#docker, slot).running();
      if (running?.pid !== pid) continue;
      try {
        const archive = await this.#docker.getContainer(slot.container).getArchive({ path: CLASS_LIST });
        return Readable.from(archive);
      } catch (error) {
        const what = `the application has not listed its classes: ${messageOf(error)}`;
        throw new RollgateError("no-class-list", what, { cause: error });
      }
    }
    throw new RollgateError("no-class-list", "the application ended");
  }
}
