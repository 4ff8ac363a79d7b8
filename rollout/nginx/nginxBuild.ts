/** What `nginx -V` says of an nginx. */
export interface NginxBuild {
  /** Such as `1.22.1`. */
  readonly version: string;
  /** The modules that are built in, such as `http_v2`. */
  readonly modules: readonly string[];
  /** The account of workers, unless the configuration names one. */
  readonly user: string;
}

/** Reads the output of `nginx -V`. */
export function readBuild(versionOutput: string): NginxBuild {
  const modules = versionOutput.matchAll(/--with-((?:http|stream)_\w+?)_module(?!\S)/g);
  return {
    version: /version: \S+?\/(\d+(?:\.\d+)*)/.exec(versionOutput)?.[1] ?? "0",
    modules: [...modules].map(([, name = ""]) => name),
    user: /--user=([\w-]+)/.exec(versionOutput)?.[1] ?? "nobody",
  };
}

/** Whether nginx is this version or a later one. */
export function isSince({ version }: Pick<NginxBuild, "version">, since: string): boolean {
  const [own, asked] = [version, since].map((text) => text.split(".").map(Number));
  for (const [index, number] of (asked ?? []).entries()) {
    const difference = (own?.[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
