import type { Records } from "../../../src/replay/file/records.js";

/** Records in memory, in the order of their keys. */
export class MapRecords implements Records {
  readonly #values = new Map<string, Buffer>();

  get size(): number {
    return this.#values.size;
  }

  get(key: Buffer): Buffer | undefined {
    return this.#values.get(key.toString("hex"));
  }

  put(key: Buffer, value: Buffer): void {
    this.#values.set(key.toString("hex"), value);
  }

  remove(key: Buffer): void {
    this.#values.delete(key.toString("hex"));
  }

  list(start: Buffer, limit: number): readonly { readonly key: Buffer; readonly value: Buffer }[] {
    const from = start.toString("hex");
    return [...this.#values]
      .filter(([key]) => key >= from)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, limit)
      .map(([key, value]) => ({ key: Buffer.from(key, "hex"), value }));
  }
}
