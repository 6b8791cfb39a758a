/**
 * By how much a server's clock is ahead of this host's at least, in milliseconds; negative when it is behind. The server read its clock at
 * some time between the question and the answer, so that how long they took makes no difference.
 *
 * @param before - This host's time when the server was asked. @param after - When it had answered.
 */
export function leastAheadMs(serverMs: number, before: number, after: number): number {
  return serverMs > after ? serverMs - after : Math.min(serverMs - before, 0);
}

/** Says how the clocks differ. @param server - Such as `the Redis server's`. */
export function clocksApart(server: string, aheadMs: number): string {
  const direction = aheadMs > 0 ? "ahead of" : "behind";
  return `${server} clock is ${Math.abs(aheadMs)} ms ${direction} this host's`;
}
