/** Bounds on what a call may ask of the checks. */
export interface VerifyLimits {
  /** Bytes of a receipt as canonical JSON. */
  readonly receiptBytes: number;
  /** Bytes of the arguments as canonical JSON. */
  readonly argumentBytes: number;
  /** Levels of arrays and objects in the arguments. */
  readonly depth: number;
}

/** Levels of a receipt above its params. */
export const RECEIPT_LEVELS = 2;
