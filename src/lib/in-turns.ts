/** In how many turns a time is waited for. */
const TURNS = 5;

/**
 * Calls back after some time in which this process could work. When something else holds up the event loop, or the machine is
 * overloaded, what is waited for may have come long ago and not been read: so a turn counts no more than its share of the time,
 * however long it took, and what came is read before the last one is over.
 *
 * @param ms - Milliseconds, when nothing is held up.
 * @returns Ends the wait.
 */
export function inTurns(ms: number, callBack: () => void): () => void {
  let left = TURNS;
  let isEnded = false;
  let timer: NodeJS.Timeout;
  const turn = (): void => {
    left -= 1;
    if (left > 0) timer = setTimeout(turn, ms / TURNS);
    else {
      setImmediate(() => {
        if (!isEnded) callBack();
      });
    }
  };
  timer = setTimeout(turn, ms / TURNS);
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}
