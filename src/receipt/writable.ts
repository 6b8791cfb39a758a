/** A readonly type while it is being put together. */
export type Writable<T> = { -readonly [Name in keyof T]: T[Name] };
