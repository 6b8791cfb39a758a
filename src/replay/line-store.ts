/** Words of 32 bits in a line: 128 bytes, two cache lines of the processor. */
export const LINE_WORDS = 32;

/** Lines of the first segment, as a power of two: 32 lines are 4 KiB. */
const FIRST_SEGMENT_BITS = 5;
const FIRST_SEGMENT_LINES = 1 << FIRST_SEGMENT_BITS;

/**
 * Words left out at the start of a segment. Large blocks of memory begin 16 bytes behind a page's start, where malloc
 * keeps their size: with 112 bytes more each line is two cache lines rather than three.
 */
const PAD_WORDS = 28;

/**
 * An array of lines that grows without ever being copied.
 *
 * Each segment is as large as all before it together, so a new one is needed ever more rarely; the operating system
 * hands out its pages as they are touched, so that growth costs no pause and a half-filled segment little memory.
 */
export class LineStore {
  readonly #segments: Int32Array[] = [];
  #lines = 0;

  /** Makes line `line` and all before it usable. New lines are all zero. */
  reach(line: number): void {
    while (this.#lines <= line) {
      const lines = Math.max(this.#lines, FIRST_SEGMENT_LINES);
      this.#segments.push(new Int32Array(PAD_WORDS + lines * LINE_WORDS));
      this.#lines += lines;
    }
  }

  /** The words among which those of a line are: {@link LINE_WORDS} from {@link offset} on. */
  words(line: number): Int32Array {
    const words = this.#segments[segmentOf(line)];
    if (words === undefined) throw new RangeError(`line ${line} of ${this.#lines}`);
    return words;
  }

  /** Where in {@link words} a line begins. */
  offset(line: number): number {
    const segment = segmentOf(line);
    const first = segment === 0 ? 0 : (FIRST_SEGMENT_LINES >>> 1) << segment;
    return PAD_WORDS + (line - first) * LINE_WORDS;
  }
}

/** The first segment holds lines 0 to 31, the next 32 to 63, then 64 to 127, and so on. */
function segmentOf(line: number): number {
  return 32 - FIRST_SEGMENT_BITS - Math.clz32(line | (FIRST_SEGMENT_LINES - 1));
}
