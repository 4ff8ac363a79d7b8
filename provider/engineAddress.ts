/** Where the Pulumi engine listens, from the only argument of a provider process; `undefined` in any other process. */
export function engineAddress(argument = process.argv[2]): { host: string; port: number } | undefined {
  const [, host, port] = /^([\d.]+):(\d+)$/.exec(argument ?? "") ?? [];
  return host === undefined ? undefined : { host, port: Number(port) };
}

/** Tells one run of Pulumi from others, for its processes of providers and its program; `undefined` in any other process. */
export function updateAddress(): string | undefined {
  const engine = engineAddress();
  return engine ? `${engine.host}:${engine.port}` : process.env.PULUMI_NODEJS_ENGINE;
}
