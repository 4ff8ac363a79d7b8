import type { Found } from "#kinds/declaration.ts";
import * as pulumi from "#kinds/pulumi.ts";
import type { LedgerFigures } from "#rollout/ledger/figures.ts";
import type { HistoryEntry } from "#rollout/record/history.ts";
import { describeUnknown } from "../settings/describeUnknown.ts";
import { givenSettings } from "../settings/givenSettings.ts";
import { known, originsOf, resourcesIn } from "../settings/origins.ts";
import { NO_PATIENCE, type Patience } from "../settings/patiently.ts";
import { preflight, preflightOfKnown } from "../settings/preflight.ts";
import { readSettings, type Settings } from "../settings/readSettings.ts";
import type { ServiceSettings } from "../settings/serviceSettings.ts";
import { StandIns } from "../settings/standIns.ts";
import { AppHosts } from "./appHosts.ts";
import { CheckingNginx } from "./checkingNginx.ts";
import { RollingDeployment } from "./rollingDeployment.ts";

/** How long a server that accepts connections may lack the account or its key. */
const REFUSED_SECONDS = 60;

/**
 * The settings of a service, as a stack file has them; each, or a part of it, may be an output. Every kind but `kubernetes`
 * needs `hosts`; without them, an update says so before it touches anything.
 */
export type RollingServiceArgs = ServiceSettings;

/**
 * An application on its hosts, behind nginx, that rolls whenever its jar, its options or its fleet changes. A program
 * may have several; their files, containers and units have the names of the stack and of the service.
 */
export class RollingService extends pulumi.ComponentResource<RollingDeployment | undefined> {
  readonly #name: string;
  readonly #args: RollingServiceArgs;
  readonly #dependsOn: pulumi.ResourceOptions["dependsOn"];

  constructor(name: string, args: RollingServiceArgs, options?: pulumi.ComponentResourceOptions) {
    // Without the arguments, which would be kept in the state once more, and may hold secrets.
    super("rollgate:index:RollingService", name, {}, options);
    this.#name = name;
    this.#args = args;
    this.#dependsOn = options?.dependsOn;
  }

  /** Where clients reach the service. */
  get url(): pulumi.Output<string> {
    return this.#output(({ url }) => url);
  }

  /** The release that each host runs, by host name. */
  get releases(): pulumi.Output<Record<string, string>> {
    return this.#output(({ releases }) => releases);
  }

  /** How long the last roll took. */
  get durationSeconds(): pulumi.Output<number> {
    return this.#output(({ durationSeconds }) => durationSeconds);
  }

  /** The path of the report of the last roll, on the machine that rolled; `null` if no records are kept. */
  get report(): pulumi.Output<string | null> {
    return this.#output(({ report }) => report);
  }

  /** The last rolls, newest first; `null` if no records are kept. */
  get history(): pulumi.Output<readonly HistoryEntry[] | null> {
    return this.#output(({ history }) => history);
  }

  /** What clients got during the last roll, as nginx counted it; `null` if nothing was counted. */
  get ledger(): pulumi.Output<LedgerFigures | null> {
    return this.#output(({ ledger }) => ledger);
  }

  /** The jar, the engine or the servers are looked at before anything is declared. */
  protected override async initialize(): Promise<RollingDeployment | undefined> {
    // The constructor of the base class calls this, when there are no arguments yet.
    await Promise.resolve();
    const [name, args] = [this.#name, this.#args];
    // A server may need more than itself, such as a firewall, before anybody can log in.
    for (const { urn } of await resourcesIn(this.#dependsOn)) await known(urn);
    const standIns = new StandIns();
    const source = await givenSettings(name, args, standIns);
    if (standIns.shape.length > 0) {
      await pulumi.log.warn(leftOut(name, standIns.shape), this);
      return undefined;
    }
    const settings = await readSettings(source);
    const isKnown = standIns.settings.length === 0;
    if (!isKnown) await pulumi.log.info(describeUnknown(settings, standIns), this);
    const { jar, canary, engine } = isKnown
      ? await preflight(settings, source, this.#patience(settings))
      : await preflightOfKnown(settings, source, standIns);
    const parent = { parent: this, transformations: [await this.#afterOrigins(settings, standIns)] };
    const options = {
      ...parent,
      providers: engine ? { docker: await dockerProvider(name, engine, parent) } : {},
    };
    const app = new AppHosts(`${name}-app`, settings.app, options);
    const nginx = new CheckingNginx(`${name}-nginx`, settings.nginx, { ...options, dependsOn: app });
    const deployment = new RollingDeployment(
      `${name}-rollout`,
      {
        ...settings.rollout,
        jar,
        canary: canary && { ...canary, image: app.canaryImage },
        image: app.image,
        hosts: [...settings.app.hosts],
        proxies: nginx.proxies,
      },
      { ...parent, dependsOn: [app, nginx] },
    );
    this.registerOutputs({ url: deployment.url, releases: deployment.releases });
    return deployment;
  }

  /**
   * Lets everything that is declared depend on the resources that its settings come from. So Pulumi deletes a server
   * only after all that was on it, at the end of an update.
   */
  async #afterOrigins(settings: Settings, standIns: StandIns): Promise<pulumi.ResourceTransformation> {
    const origins = await originsOf(this.#args);
    const before = await resourcesIn(this.#dependsOn);
    const names = settings.app.hosts.map(({ name }) => name);
    return ({ type, props, opts }) => {
      if (type.startsWith("rollgate:index:")) return undefined;
      const its =
        origins.hosts[names.indexOf(String(props.name ?? props.place?.name))] ?? origins.nginxServers;
      const dependsOn = [...before, ...origins.others, ...its];
      return { props: standIns.hideIn(props), opts: pulumi.mergeOptions(opts, { dependsOn }) };
    };
  }

  /** A server that this update made may need a while until it accepts connections. */
  #patience({ waitSeconds: seconds = 0 }: Settings): Patience {
    const { hosts, nginxServers } = this.#args;
    if (pulumi.isDryRun() || ![hosts, nginxServers].some(hasOutput)) return NO_PATIENCE;
    const onWait = (reason: string, atMost: number) =>
      void pulumi.log.info(`${reason}. Waiting up to ${atMost} s for it.`, this);
    return { seconds, refusedSeconds: REFUSED_SECONDS, betweenMilliseconds: 3000, onWait };
  }

  #output<T>(of: (deployment: RollingDeployment) => pulumi.Output<T>): pulumi.Output<T> {
    const later = this.getData().then((deployment) => (deployment ? of(deployment) : pulumi.unknown));
    return pulumi.output(later) as pulumi.Output<T>;
  }
}

/** Only a program whose hosts are containers has Pulumi's package for Docker. */
async function dockerProvider(name: string, engine: Found["engine"], options: pulumi.ResourceOptions) {
  const { Provider } = await import("@pulumi/docker");
  return new Provider(`${name}-engine`, engine, options);
}

function leftOut(name: string, settings: readonly string[]): string {
  return `${settings.map((setting) => `${name}:${setting}`).join(", ")}: known only once other resources exist, so this preview leaves ${name} out, and nothing was asked. What it lists of ${name} as deleted stays.`;
}

function hasOutput(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasOutput);
}
