/** Width of a time bucket. A nonce is counted up to this much longer than it must be remembered. */
export const BUCKET_MS = 5000;

/** Buckets count from 1: 0 marks a slot that was never used. What expires 340 years after the epoch never does. */
const LAST_BUCKET = 0x7fff_ffff;

/** Bucket `n` ends before the first instant of bucket `n + 1`, so all before the bucket of now have expired. */
export function bucketOf(timeMs: number): number {
  return Math.min(Math.floor(timeMs / BUCKET_MS) + 1, LAST_BUCKET);
}
