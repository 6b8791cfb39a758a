/** A value that is there already or comes later. What can be answered at once need not wait for a turn of the loop. */
export type MaybePromise<T> = T | Promise<T>;

/** Tells whether a value comes later. Any thenable counts: stores and signers of others have promises of their own. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/**
 * Goes on with a value once it is there: at once if it is there already, and then the result is no promise either.
 *
 * @throws whatever `use` throws, when the value is there; otherwise the promise that is returned rejects with it.
 */
export function andThen<T, U>(value: MaybePromise<T>, use: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromise(value) ? value.then(use) : use(value);
}
