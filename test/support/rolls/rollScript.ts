import type { Phase, Report } from "#rollout/roll/reporter.ts";

/** Writes the reports of a roll as they would come, each host by its own clock. */
export class RollScript {
  readonly #reports: Report[] = [];

  fleet(elapsedSeconds: number, phase: Phase, message: string): this {
    this.#reports.push({ phase, message, elapsedSeconds });
    return this;
  }

  host(name: string, at: number): HostScript {
    return new HostScript(name, at, (report) => this.#reports.push(report));
  }

  get reports(): readonly Report[] {
    return this.#reports.toSorted((a, b) => a.elapsedSeconds - b.elapsedSeconds);
  }
}

/** The reports of one host. */
export class HostScript {
  readonly #host: string;
  readonly #add: (report: Report) => void;
  at: number;

  constructor(host: string, at: number, add: (report: Report) => void) {
    this.#host = host;
    this.at = at;
    this.#add = add;
  }

  /** A phase that ends. */
  step(phase: Phase, seconds: number, message: string): this {
    this.at = rounded(this.at + seconds);
    this.#add({
      host: this.#host,
      phase,
      message,
      elapsedSeconds: this.at,
      milliseconds: rounded(seconds * 1000),
    });
    return this;
  }

  /** Something that is told while time goes by. */
  tell(phase: Phase, message: string, seconds = 0): this {
    this.at = rounded(this.at + seconds);
    this.#add({ host: this.#host, phase, message, elapsedSeconds: this.at });
    return this;
  }

  /** A host that starts first, until the old application is stopped. */
  startFirst(release: string, slot: string, upSeconds: number): this {
    this.step("switch", 0.04, `current → ${release}`)
      .step("start", 0.12, `${release} at ${slot}`)
      .step("health", upSeconds, "UP")
      .step("upstream", 0.11, "nginx sees it: up by its own checks")
      .step("admit", 0.03, "takes traffic");
    const admitted = this.step("drain", 0.02, "no new requests").at;
    this.step("settle", 0.9, "no connections left").at = admitted;
    return this.step("soak", 5, "stayed healthy").step("stop", 0.6, "1.0.0-3c886d759f66 stopped");
  }

  /** A host that stops first, until its soak is over. */
  stopFirst(release: string, upSeconds: number): this {
    return this.step("drain", 0.02, "no new requests")
      .step("settle", 1.2, "no connections left")
      .step("stop", 1.4, "1.0.0-3c886d759f66 stopped")
      .step("switch", 0.04, `current → ${release}`)
      .step("start", 0.12, release)
      .step("health", upSeconds, "UP")
      .step("upstream", 0.11, "nginx sees it: up by its own checks")
      .step("admit", 0.03, "takes traffic")
      .step("soak", 5, "stayed healthy");
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
