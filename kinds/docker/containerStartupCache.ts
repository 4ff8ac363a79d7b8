import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { messageOf, RollgateError } from "#rollout/common/errors.ts";
import type { Machine } from "#rollout/machine/machine.ts";
import { readScripts } from "#rollout/machine/scripts.ts";
import type { Launch } from "#rollout/request/launch.ts";
import { dumpOptions } from "#rollout/startupCache/dumpOptions.ts";
import { type Classes, type Prepared, StartupCache } from "#rollout/startupCache/startupCache.ts";
import { linesOf, type Unpacking } from "#rollout/startupCache/unpacking.ts";
import { dependenciesInContainer, FILES, jarInContainer, releaseInContainer } from "./containerOptions.ts";
import { CLASS_LIST, lookAtUnpacked, startName } from "./containerStart.ts";
import type { DockerSlot } from "./dockerSlot.ts";
import { HostContainer } from "./hostContainer.ts";
import { inItsWords } from "./inItsWords.ts";
import { JavaContainer } from "./javaContainer.ts";

const SCRIPTS = new URL("../../rollout/startupCache/scripts/", import.meta.url);
const HASH = "../../machine/scripts/sha256-of";
const REQUIRE_ROOM = readScripts(SCRIPTS, "startup-files", "require-room");
const COPY_UNPACKED = readScripts(SCRIPTS, HASH, "startup-files", "copy-unpacked", "copy-from-host");
const DROP = readScripts(SCRIPTS, "startup-files", "drop-unpacked");
const FINISH = readScripts(SCRIPTS, HASH, "startup-files", "finish-startup");
const TAKE_LIST = readScripts(SCRIPTS, "take-list");
const KEEP_MADE = readScripts(SCRIPTS, HASH, "keep-classes", "keep-made");
const [OLDEST, NEWEST] = [17, 25];
const LOOK_SECONDS = 60;

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
    unpacking: Unpacking | undefined,
    time: number,
    signal?: AbortSignal,
    beside?: object,
  ): Promise<Prepared | undefined> {
    return inItsWords(() => this.#prepare(release, unpacking, time, signal, beside));
  }

  async #prepare(
    release: string,
    unpacking: Unpacking | undefined,
    time: number,
    signal: AbortSignal | undefined,
    beside: object | undefined,
  ): Promise<Prepared | undefined> {
    const name = await startName(this.#docker, this.#launch);
    if (name === undefined) return undefined;
    const look = () => {
      const options = { deadlineSeconds: LOOK_SECONDS, signal };
      return lookAtUnpacked(this.machine, this.#directory, release, name, options);
    };
    let unpacked = await look();
    if (!unpacked && unpacking) {
      await this.#unpack(release, unpacking, time, signal, beside);
      unpacked = await look();
    }
    if (!unpacked) return undefined;
    const { archive, state } = unpacked;
    if (archive === undefined) return { obstacle: "releases share no libraries", isThere: false };
    if (state !== "unpacked") return { archive, isThere: state === "there" };
    const obstacle = await this.#obstacle(signal);
    if (obstacle !== undefined) return { obstacle, isThere: false };
    await this.machine.run(': > "$1/dependencies/$2.wanted"', [this.#directory, archive], { signal });
    return { archive, isThere: false };
  }

  /** `pid` is that of the container. */
  make(pid: number, archive: string, signal?: AbortSignal): Promise<void> {
    return inItsWords(() => this.#make(pid, archive, signal));
  }

  async #make(pid: number, archive: string, signal: AbortSignal | undefined): Promise<void> {
    const suffix = randomUUID();
    const args = [this.#directory, archive, suffix];
    await this.machine.run(TAKE_LIST, args, { input: await this.#classList(pid), signal });
    const [dependencies = "", name] = archive.split("/");
    const made = dependenciesInContainer(`${dependencies}/.${name}.${suffix}`);
    await this.#java.run(
      [
        ...dumpOptions(this.#launch.jvmOptions),
        "-Xshare:dump",
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        `-XX:SharedClassListFile=${made}.list`,
        `-XX:SharedArchiveFile=${made}`,
        `@${dependenciesInContainer(dependencies)}/classpath`,
      ],
      signal,
    );
    await this.machine.run(KEEP_MADE, args, { signal });
  }

  read(archive: string, signal?: AbortSignal): Promise<Classes> {
    return this.#files.read(archive, signal);
  }

  install(archive: string, classes: Classes, signal?: AbortSignal): Promise<void> {
    return this.#files.install(archive, classes, signal);
  }

  async copyFrom(other: object, archive: string, signal?: AbortSignal): Promise<boolean> {
    if (!(other instanceof ContainerStartupCache)) return false;
    return this.#files.copyFrom(other.#files, archive, signal);
  }

  async #unpack(
    release: string,
    unpacking: Unpacking,
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
      if (await this.#copyUnpacked(beside, args, signal)) return;
      await this.#java.run(
        [...quick, "-Djarmode=tools", "-jar", jar, "extract", "--destination", to],
        signal,
      );
      const input = linesOf(unpacking);
      await this.machine.run(FINISH, [...args, String(time), FILES], { input, signal });
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
