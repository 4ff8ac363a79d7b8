/** Where the Pulumi engine listens, from the only argument of a provider process; `undefined` in any other process. */
export function engineAddress(argument = process.argv[2]): { host: string; port: number } | undefined {
  const [, host, port] = /^([\d.]+):(\d+)$/.exec(argument ?? "") ?? [];
  return host === undefined ? undefined : { host, port: Number(port) };
}
