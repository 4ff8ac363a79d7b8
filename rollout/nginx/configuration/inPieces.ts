/** How many items a piece has: nginx limits the length of a word of its configuration to 4,096 bytes. */
const PIECE = 50;

/** Cuts a list into pieces; one with up to so many items stays whole. */
export function inPieces<T>(items: readonly T[], whole: number): (readonly T[])[] {
  if (items.length <= whole) return [items];
  return Array.from({ length: Math.ceil(items.length / PIECE) }, (_, index) =>
    items.slice(index * PIECE, (index + 1) * PIECE),
  );
}

/** With up to so many slots, the lines about them are not cut. */
export const WHOLE_SLOTS = 100;

/**
 * Lines that let a variable begin empty, get something from each item, and keep it. That of a large fleet is put together
 * from pieces: nginx copies a value whenever something is added to it.
 */
export function collected<T>(
  items: readonly T[],
  variable: string,
  line: (item: T, variable: string) => string,
): string {
  const pieces = inPieces(items, WHOLE_SLOTS);
  const lines = (piece: readonly T[], name: string) =>
    `    set $${name} "";\n${piece.map((item) => line(item, name)).join("")}`;
  if (pieces.length <= 1) return lines(items, variable);
  const names = pieces.map((_, index) => `${variable}_${index + 1}`);
  const all = names.map((name) => `$\{${name}}`).join("");
  return `${pieces.map((piece, index) => lines(piece, names[index] ?? variable)).join("")}    set $${variable} "${all}";\n`;
}
