/** Wire times: RFC 3339 in UTC. Inside the package a time is milliseconds since the Unix epoch. */

const MS_PER_DAY = 86_400_000;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
/** Year 0000 and year 9999: what four digits can say. */
const MIN_TIME_MS = -62_167_219_200_000;
const MAX_TIME_MS = 253_402_300_799_999;

/**
 * Reads an RFC 3339 time in UTC (wire-format 1): `YYYY-MM-DDTHH:MM:SS`, optionally a fraction of any length, then
 * `Z` or `+00:00`, in capitals. The date must be one of the calendar; there is no leap second and no hour 24.
 *
 * @returns milliseconds since the Unix epoch, finer fractions cut off; `undefined` for anything else.
 */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== "string" || text.length < 20) return undefined;
  if (
    text.charCodeAt(4) !== 0x2d ||
    text.charCodeAt(7) !== 0x2d ||
    text.charCodeAt(10) !== 0x54 ||
    text.charCodeAt(13) !== 0x3a ||
    text.charCodeAt(16) !== 0x3a
  ) {
    return undefined;
  }
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // Written so that the NaN of a character that is no digit fails them too.
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)))
    return undefined;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  const fraction = readFraction(text);
  if (fraction === undefined) return undefined;
  return (
    daysSinceEpoch(year, month, day) * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000 + fraction
  );
}

/** The second that was written last, as text up to its point. The next time is mostly one of the same second. */
let lastSecond = Number.NaN;
let lastSecondText = "";

/**
 * Writes a time as the wire has it: UTC, milliseconds, `Z`.
 *
 * @param ms - Milliseconds since the Unix epoch; fractions are cut off.
 * @throws `RangeError` for a time outside the years 0000 to 9999.
 */
export function formatTime(ms: number): string {
  if (!(ms >= MIN_TIME_MS && ms <= MAX_TIME_MS)) throw new RangeError(`no RFC 3339 form of the time ${ms}`);
  const second = Math.floor(ms / 1000);
  if (second !== lastSecond) {
    lastSecondText = new Date(second * 1000).toISOString().slice(0, "0000-00-00T00:00:00.".length);
    lastSecond = second;
  }
  const fraction = Math.floor(ms) - second * 1000;
  return `${lastSecondText}${fraction < 10 ? "00" : fraction < 100 ? "0" : ""}${fraction}Z`;
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Reads what follows the seconds: milliseconds of the fraction, `undefined` if it is not a fraction and a zone. */
function readFraction(text: string): number | undefined {
  let at = 19;
  let ms = 0;
  if (text.charCodeAt(at) === 0x2e) {
    const start = ++at;
    for (let weight = 100; ; at++) {
      const digit = text.charCodeAt(at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      ms += digit * weight;
      weight = weight === 100 ? 10 : weight === 10 ? 1 : 0;
    }
    if (at === start) return undefined;
  }
  if (at + 1 === text.length) return text.charCodeAt(at) === 0x5a ? ms : undefined;
  return text.endsWith("+00:00") && at + 6 === text.length ? ms : undefined;
}

function daysInMonth(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return leap ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar; years are counted from March, so that leap days come last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + dayOfYear - 719_468;
}
