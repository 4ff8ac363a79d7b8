/** Prints one row of a table of measurements. */
export function printRow(columns: readonly (string | number)[]): void {
  const cells = columns.map((cell) =>
    typeof cell === "string" ? cell : Number.isInteger(cell) ? cell : cell.toFixed(2),
  );
  console.log(cells.map((cell) => String(cell).padStart(7)).join(" "));
}
