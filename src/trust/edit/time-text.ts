import { formatTime } from "../../lib/time.js";

/** Writes a time as people do: without a fraction, where it is a whole second. */
export function timeText(ms: number): string {
  return formatTime(ms).replace(".000Z", "Z");
}
