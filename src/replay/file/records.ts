/** Records in the order of their keys, as the file store needs them. All that is done to them between two commits is done at once. */
export interface Records {
  /** How many there are, those that are not needed any more included. */
  readonly size: number;
  get(key: Buffer): Buffer | undefined;
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
  /** Lists records from `start` on, that one included, `limit` at most. */
  list(start: Buffer, limit: number): readonly { readonly key: Buffer; readonly value: Buffer }[];
}
