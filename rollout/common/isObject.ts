/** Whether a value has named entries: neither a list nor nothing. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
