import { InvalidInput } from "#rollout/common/errors.ts";
import { type Environment, environment, type HostLaunch } from "#rollout/request/launch.ts";
import { problemsOf } from "#rollout/request/validate.ts";
import { type Reader, textOf } from "./reader.ts";
import { readEnvironment } from "./rollout.ts";

/** The options and variables of single hosts, by host name; absent if no host has any. */
export function readHostOptions(reader: Reader): {
  readonly hostLaunch?: Record<string, HostLaunch>;
  readonly hostEnvironment?: Record<string, Environment>;
} {
  const entries = reader.hosts().map((entry, index) => ({ ...Object(entry), key: `hosts[${index}]` }));
  const hostLaunch = entries.flatMap(({ name, key, jvmOptions, arguments: own }) => {
    const launch = {
      ...(jvmOptions !== undefined && { jvmOptions: textsOf(`${key}.jvmOptions`, jvmOptions) }),
      ...(own !== undefined && { arguments: textsOf(`${key}.arguments`, own) }),
    };
    return Object.keys(launch).length === 0 ? [] : [[String(name), launch] as const];
  });
  const hostEnvironment = entries
    .filter((entry) => entry.environment !== undefined)
    .map(
      ({ name, key, environment: own }) => [String(name), environmentOf(`${key}.environment`, own)] as const,
    );
  return {
    ...(hostLaunch.length > 0 && { hostLaunch: Object.fromEntries(hostLaunch) }),
    ...(hostEnvironment.length > 0 && { hostEnvironment: Object.fromEntries(hostEnvironment) }),
  };
}

function textsOf(property: string, value: unknown): string[] {
  if (!Array.isArray(value)) {
    throw new InvalidInput(property, `expected a list, got ${JSON.stringify(value)}`);
  }
  return value.map((text, index) => textOf(`${property}[${index}]`, text));
}

function environmentOf(property: string, value: unknown): Environment {
  const texts = readEnvironment(property, value);
  const [problem] = problemsOf(environment, texts);
  if (problem) throw new InvalidInput([property, problem.property].filter(Boolean).join("."), problem.reason);
  return environment.parse(texts);
}
