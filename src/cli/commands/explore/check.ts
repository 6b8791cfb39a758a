/** One thing that was verified of a record, or could not be. */
export interface Check {
  readonly what: string;
  /** `open` where nothing can be told. */
  readonly result: "holds" | "fails" | "open";
  readonly detail: string;
}
