// Lines whose cells stand below each other.

/** @param leftmost how many columns are text, which begins at the left; the others are figures, which end at the right */
export function aligned(rows: readonly (readonly string[])[], leftmost: number): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column < leftmost ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    );
    return cells.join('  ').trimEnd();
  });
}
