const SPAN = /^(\d{1,9})([smhdw])$/;
const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads a length of time such as `24h`; units `s`, `m`, `h`, `d`, `w`. @returns milliseconds, `undefined` for anything else. */
export function parseSpan(text: string): number | undefined {
  const [, count, unit = ""] = SPAN.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  return count === undefined || unitMs === undefined ? undefined : Number(count) * unitMs;
}
