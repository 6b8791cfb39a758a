const NEWLINE = 0x0a;

/**
 * Cuts lines into the one in the middle, and what is before and after it. A line that is longer than all others together is
 * the one in the middle.
 *
 * @returns copies; one alone if it is one line.
 */
export function cutApart(bytes: Buffer): readonly Buffer<ArrayBuffer>[] {
  const middle = bytes.length >> 1;
  const from = middle === 0 ? 0 : bytes.lastIndexOf(NEWLINE, middle - 1) + 1;
  const newline = bytes.indexOf(NEWLINE, middle);
  const to = newline < 0 ? bytes.length : newline + 1;
  return [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]
    .filter(({ length }) => length > 0)
    .map((part) => Buffer.from(new Uint8Array(part).buffer));
}
