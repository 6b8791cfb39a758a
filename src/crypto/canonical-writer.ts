import { ByteSink } from "./canonical/byte-sink.js";
import { ValueWriter } from "./canonical/value-writer.js";
import type { CanonicalLimits } from "./canonical/value-writer.js";
import { writeAscii, writeText } from "./canonical/write-text.js";

export type { CanonicalLimits };

/**
 * Lends a writer of canonical JSON, which is used again and again: what it wrote is gone when `use` returns, unless it
 * was copied. Writers can be lent while others are: a getter in a value may call back.
 */
export function withCanonicalWriter<Result>(use: (writer: CanonicalWriter) => Result): Result {
  const writer = idle ?? new CanonicalWriter();
  idle = undefined;
  try {
    return use(writer);
  } finally {
    writer.clear();
    idle = writer;
  }
}

let idle: CanonicalWriter | undefined;

/**
 * Writes canonical JSON (RFC 8785) as UTF-8 into one buffer, value by value. Texts of which the form is known are
 * written around the values, so that nothing is written or encoded twice.
 */
export class CanonicalWriter {
  readonly #sink = new ByteSink();
  readonly #values = new ValueWriter(this.#sink);

  /** Bytes written so far. */
  get length(): number {
    return this.#sink.length;
  }

  /** Writes a text that is known to be ASCII, as it is. */
  ascii(text: string): void {
    writeAscii(this.#sink, text);
  }

  /** Writes a string as JSON. @throws `CanonicalJsonError` `lone_surrogate`. */
  text(text: string): void {
    writeText(this.#sink, text);
  }

  /** Writes bytes that are canonical JSON already, or a part of it. */
  raw(bytes: Uint8Array): void {
    this.#sink.reserve(bytes.length);
    this.#sink.bytes.set(bytes, this.#sink.length);
    this.#sink.length += bytes.length;
  }

  /** Writes once more what was written from one place to another. */
  again(from: number, to: number): void {
    this.#sink.reserve(to - from);
    this.#sink.bytes.copyWithin(this.#sink.length, from, to);
    this.#sink.length += to - from;
  }

  /** Writes a value. @throws `CanonicalJsonError` as `canonicalJson` does. */
  value(value: unknown, limits: CanonicalLimits = {}): void {
    this.#values.write(value, limits);
  }

  /**
   * Writes a value, and tells whether another has the same canonical JSON: JCS gives different values different texts,
   * but for 0 and -0, which are equal here too. The other need not be known to have such a form; it has one if it is
   * the same.
   *
   * @throws `CanonicalJsonError` as `canonicalJson` does, for the value.
   */
  sameValue(value: unknown, other: unknown, limits: CanonicalLimits = {}): boolean {
    return this.#values.writeSame(value, other, limits);
  }

  /** What was written. Good until something more is. */
  view(): Uint8Array {
    return this.#sink.bytes.subarray(0, this.#sink.length);
  }

  /** A copy of what was written from one place to another. */
  copy(from: number = 0, to: number = this.#sink.length): Uint8Array {
    const copy = Buffer.allocUnsafe(to - from);
    this.#sink.bytes.copy(copy, 0, from, to);
    return copy;
  }

  /** All that was written, as a text. */
  toString(): string {
    return this.#sink.bytes.toString("utf8", 0, this.#sink.length);
  }

  clear(): void {
    this.#sink.clear();
    this.#values.clear();
  }
}
