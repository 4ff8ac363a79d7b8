/** The kernel counts processor time in hundredths of a second. */
export const TICKS_PER_SECOND = 100;

/** Time in user mode and in the kernel in the text of a `/proc/<pid>/stat`: its own, or of its children that have ended; proc(5). */
export function ticksIn(stat: string, whose: "own" | "children"): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = whose === "own" ? fields.slice(11, 13) : fields.slice(13, 15);
  return Number(user) + Number(system);
}
