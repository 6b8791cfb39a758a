export function median(values) {
  return percentile(values, 50);
}

/** The value below which so many percent of all lie: the nearest one that was measured. */
export function percentile(values, percent) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
}
