/** A number for people: `48,112`. */
export function digits(value: number): string {
  return value.toLocaleString("en");
}
