/** A clock that stands still until it is told otherwise. Pass it as the option `clock`. */
export interface PinnedClock {
  (): number;
  /** Moves the clock, forwards or backwards. @param ms - Milliseconds. */
  advance(ms: number): void;
  /** Sets the clock. @param ms - Milliseconds since the Unix epoch. */
  set(ms: number): void;
}

/**
 * Makes a pinned clock.
 *
 * @param startMs - Milliseconds since the Unix epoch. Default is now.
 */
export function pinnedClock(startMs: number = Date.now()): PinnedClock {
  let now = startMs;
  return Object.assign(() => now, {
    advance: (ms: number): void => {
      now += ms;
    },
    set: (ms: number): void => {
      now = ms;
    },
  });
}
