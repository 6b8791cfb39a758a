/** Small enough to be kept for good, large enough for most calls. */
const START_BYTES = 64 * 1024;
/** A buffer that grew larger than this for one giant is let go again. */
const KEEP_BYTES = 1024 * 1024;

/**
 * A buffer that grows. Whoever writes calls {@link ByteSink.reserve} first and then writes to `bytes` from `length` on.
 * It is used again and again, so what was written stays in memory until it is written over.
 */
export class ByteSink {
  /** Changes when the buffer grows: look it up after each `reserve`. */
  bytes: Buffer = Buffer.allocUnsafeSlow(START_BYTES);
  /** The same memory, to write words of several bytes at any place. Changes with `bytes`. */
  view: DataView = viewOf(this.bytes);
  /** How many bytes are written. */
  length = 0;

  /** Makes room for so many more bytes. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(this.length + count);
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEEP_BYTES) this.#use(Buffer.allocUnsafeSlow(START_BYTES));
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.length);
    this.#use(grown);
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
