/** Prints the rows of one part for people. */
export function printTable(title, rows) {
  const lines = rows.map(({ name, value, unit, share, target, met }) => [
    name,
    `${formatNumber(value)} ${unit}`,
    share === undefined ? "" : formatShare(share),
    target === undefined ? "" : formatTarget(target, share !== undefined),
    met === undefined ? "" : met ? "met" : "MISSED",
  ]);
  const table = [[title, "measured", "of the limit", "target", ""], ...lines];
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  console.log("");
  for (const line of table) {
    console.log(
      line
        .map((cell, column) => (column === 1 ? cell.padStart(widths[1]) : cell.padEnd(widths[column])))
        .join("  ")
        .trimEnd(),
    );
  }
}

function formatTarget({ atLeast, atMost }, isShare) {
  const format = isShare ? formatShare : formatNumber;
  return atLeast === undefined ? `<= ${format(atMost)}` : `>= ${format(atLeast)}`;
}

function formatShare(share) {
  return `${(share * 100).toFixed(1)} %`;
}

function formatNumber(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}
