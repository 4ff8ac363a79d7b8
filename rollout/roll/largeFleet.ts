/** With more hosts than this, a roll neither looks at all of them before each step nor tells every phase of each. */
export const LARGE_FLEET = 50;

/** Whether a fleet of so many hosts is large. */
export function isLarge(hosts: number): boolean {
  return hosts > LARGE_FLEET;
}
