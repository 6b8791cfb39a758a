/**
 * Tells whether a decimal such as `500.00` is at most another. Compares digits, never floating-point numbers.
 *
 * @param a - Digits, optionally a point and more digits.
 */
export function isDecimalAtMost(a: string, b: string): boolean {
  const [left, right] = [split(a), split(b)];
  const width = Math.max(left.whole.length, right.whole.length);
  const scale = Math.max(left.fraction.length, right.fraction.length);
  const digits = ({ whole, fraction }: Decimal): string =>
    whole.padStart(width, "0") + fraction.padEnd(scale, "0");
  return digits(left) <= digits(right);
}

interface Decimal {
  readonly whole: string;
  readonly fraction: string;
}

function split(text: string): Decimal {
  const [whole = "", fraction = ""] = text.split(".");
  return { whole, fraction };
}
