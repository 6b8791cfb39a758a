/**
 * Calls that were counted together: the first and the latest of them, in milliseconds since the Unix epoch, and how
 * many there were. They leave the window together, when the latest does.
 */
export type Group = readonly [firstMs: number, latestMs: number, count: number];

/** From this many groups on, calls that are close to each other are counted together. */
export const EXACT_GROUPS = 64;

/**
 * Takes what has left the window out of it.
 *
 * A call leaves the window when `windowMs` have passed since: of two calls that are exactly so far apart, only one is in it.
 */
export function inWindow(groups: readonly Group[], nowMs: number, windowMs: number): readonly Group[] {
  const first = groups.findIndex(([, latestMs]) => latestMs + windowMs > nowMs);
  return first === -1 ? [] : groups.slice(first);
}

/** How many calls were counted. */
export function total(groups: readonly Group[]): number {
  return groups.reduce((sum, [, , count]) => sum + count, 0);
}

/**
 * Counts one more call.
 *
 * Up to {@link EXACT_GROUPS} calls at different times are kept apart, and each leaves the window at its own time. Of
 * more, those within a 64th of the window are kept together, and may stay that much longer than they must: never shorter. So
 * there are never more than twice as many groups.
 *
 * @param groups - Those in the window at `nowMs`, in the order of their times.
 */
export function addCall(groups: readonly Group[], nowMs: number, windowMs: number): readonly Group[] {
  const last = groups.at(-1);
  if (last === undefined) return [[nowMs, nowMs, 1]];
  const [firstMs, latestMs, count] = last;
  // A clock that was set back must not put a call before others: it would leave before them.
  const now = Math.max(nowMs, latestMs);
  const isClose = groups.length >= EXACT_GROUPS && now - firstMs < windowMs / EXACT_GROUPS;
  if (now !== latestMs && !isClose) return [...groups, [now, now, 1]];
  return [...groups.slice(0, -1), [firstMs, now, count + 1]];
}

/**
 * Takes back one call: of the oldest, so that no call that did run leaves the window before its time.
 *
 * @param groups - Those in the window.
 */
export function takeBackCall(groups: readonly Group[]): readonly Group[] {
  const [oldest, ...rest] = groups;
  if (oldest === undefined) return groups;
  const [firstMs, latestMs, count] = oldest;
  return count === 1 ? rest : [[firstMs, latestMs, count - 1], ...rest];
}
