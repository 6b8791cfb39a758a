import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

import { systemCode } from "../file-system.js";

/** A file with records, and how it is to be read. */
export interface RecordFile {
  readonly path: string;
  /** What it is called in places and reports. */
  readonly name: string;
  /** Whether it is gzip. */
  readonly compressed: boolean;
}

export type ReadFaultCode = "file_unreadable" | "gzip_damaged";

/** Why a file, or the rest of it, cannot be read. Never leaves this folder: readers tell it as a value. */
export class ReadFault extends Error {
  readonly code: ReadFaultCode;

  constructor(code: ReadFaultCode, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.code = code;
  }
}

/** Bytes of a file from its beginning, unpacked where it is compressed. */
export interface ByteSource {
  /** Bytes of the file, as it lies on disk, that were used so far. */
  readonly used: number;
  /** @returns bytes read; 0 at the end. @throws `ReadFault` */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens a file to be read once.
 *
 * @param range - Offsets in a plain file, from which and up to which it is read, also if it was compressed meanwhile. Default:
 * all of it, to where it ends when that is reached.
 * @throws `ReadFault`
 */
export async function openByteSource(
  file: RecordFile,
  range: { readonly from?: number | undefined; readonly upTo?: number | undefined } = {},
): Promise<ByteSource> {
  const { handle, compressed } = await openRecordFile(file);
  const { from = 0, upTo = Number.POSITIVE_INFINITY } = range;
  if (!compressed) return new PlainSource(handle, from, upTo);
  const source = new GzipSource(handle);
  return file.compressed ? source : new RangeSource(source, from, upTo);
}

/** A file that was opened, and whether what was opened is compressed. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly compressed: boolean;
}

/**
 * Opens a file of a log. A plain one may have been compressed since it was listed, which leaves the other form in its
 * place: that is opened then.
 *
 * @throws `ReadFault`
 */
export async function openRecordFile(file: RecordFile): Promise<OpenedFile> {
  try {
    return { handle: await openRegularFile(file.path), compressed: file.compressed };
  } catch (fault) {
    const packed = compressedForm(file);
    if (packed === undefined || !(fault instanceof ReadFault) || systemCode(fault.cause) !== "ENOENT")
      throw fault;
    try {
      return { handle: await openRegularFile(packed.path), compressed: true };
    } catch {
      throw fault;
    }
  }
}

/** What a plain file is once it is compressed; `undefined` for one that is. */
export function compressedForm({ path, name, compressed }: RecordFile): RecordFile | undefined {
  return compressed ? undefined : { path: `${path}.gz`, name: `${name}.gz`, compressed: true };
}

/** Opens what is a file: a directory has no bytes, and a pipe would keep the reader waiting. @throws `ReadFault` */
async function openRegularFile(path: string): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if ((await handle.stat()).isFile()) return handle;
  } catch (cause) {
    await handle?.close();
    throw readFault(cause);
  }
  await handle.close();
  throw new ReadFault("file_unreadable", "is not a regular file");
}

/** Makes a fault of what reading threw. */
export function readFault(cause: unknown): ReadFault {
  if (cause instanceof ReadFault) return cause;
  const code = systemCode(cause) ?? "an unknown error";
  return code.startsWith("Z_")
    ? new ReadFault("gzip_damaged", `cannot be unpacked from here on: ${code}`, cause)
    : new ReadFault("file_unreadable", `cannot be read: ${code}`, cause);
}

class PlainSource implements ByteSource {
  readonly #handle: FileHandle;
  readonly #upTo: number;
  used: number;

  constructor(handle: FileHandle, from: number, upTo: number) {
    this.#handle = handle;
    this.used = from;
    this.#upTo = upTo;
  }

  async read(into: Uint8Array): Promise<number> {
    const length = Math.min(into.length, this.#upTo - this.used);
    if (length <= 0) return 0;
    try {
      const { bytesRead } = await this.#handle.read(into, 0, length, this.used);
      this.used += bytesRead;
      return bytesRead;
    } catch (cause) {
      throw readFault(cause);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** A range of what a compressed file holds, in offsets of the plain one. */
class RangeSource implements ByteSource {
  readonly #source: ByteSource;
  readonly #from: number;
  readonly #upTo: number;
  #at = 0;

  constructor(source: ByteSource, from: number, upTo: number) {
    this.#source = source;
    this.#from = from;
    this.#upTo = upTo;
  }

  get used(): number {
    return Math.max(this.#at, this.#from);
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#at < this.#from) {
      const passed = await this.#source.read(into.subarray(0, this.#from - this.#at));
      if (passed === 0) return 0;
      this.#at += passed;
    }
    const length = Math.min(into.length, this.#upTo - this.#at);
    if (length <= 0) return 0;
    const read = await this.#source.read(into.subarray(0, length));
    this.#at += read;
    return read;
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

const UNPACKED_CHUNK = 256 * 1024;

class GzipSource implements ByteSource {
  readonly #gunzip = createGunzip({ chunkSize: UNPACKED_CHUNK });
  readonly #chunks: AsyncIterator<unknown>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(handle: FileHandle) {
    // Whatever goes wrong is thrown by the iterator.
    pipeline(handle.createReadStream(), this.#gunzip, () => undefined);
    this.#chunks = this.#gunzip[Symbol.asyncIterator]();
  }

  get used(): number {
    return this.#gunzip.bytesWritten;
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.#chunk.length === 0) {
      const chunk = await this.#next();
      if (chunk === undefined) {
        if (this.used === 0) throw new ReadFault("gzip_damaged", "is empty");
        return 0;
      }
      this.#chunk = chunk;
    }
    const part = this.#chunk.subarray(0, into.length);
    into.set(part);
    this.#chunk = this.#chunk.subarray(part.length);
    return part.length;
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { value, done } = await this.#chunks.next();
      return done !== true && value instanceof Uint8Array ? value : undefined;
    } catch (cause) {
      throw readFault(cause);
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
