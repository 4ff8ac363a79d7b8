/** A copy of plain data in which every text has gone through `redact`. */
export function hideSecrets<T>(data: T, redact: (text: string) => string): T;
export function hideSecrets(data: unknown, redact: (text: string) => string): unknown {
  if (typeof data === "string") return redact(data);
  if (Array.isArray(data)) return data.map((each: unknown) => hideSecrets(each, redact));
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, hideSecrets(value, redact)]));
}
