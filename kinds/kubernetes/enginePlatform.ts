/**
 * What a Docker engine runs on, such as `linux/amd64`; `undefined` if it doesn't answer, which the build will report. Pulumi's
 * plugin would take what itself runs on, and that may be another machine.
 */
export async function enginePlatform(given: string): Promise<string | undefined> {
  // Loading the client library takes a while.
  const { openEngine, requireEngine } = await import("../engine/openEngine.ts");
  const engine = openEngine(given);
  try {
    await requireEngine(engine, given);
    const { Os, Arch } = await engine.version();
    return `${Os}/${Arch}`;
  } catch {
    return undefined;
  }
}
