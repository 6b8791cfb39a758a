/**
 * What the servers of one deployment share. A server per request keeps nothing itself.
 *
 * @param guard - The guard's `verifiedCall`, when there is a guard.
 */
export function createState({ verifiedCall, taskStore, taskMessageQueue } = {}) {
  const parties = new Map();
  let abort;
  const aborted = new Promise((resolve) => {
    abort = resolve;
  });
  let straggle;
  const straggled = new Promise((resolve) => {
    straggle = resolve;
  });
  return {
    guarded: verifiedCall !== undefined,
    caller: () => verifiedCall?.()?.signer.name,
    hanging: 0,
    aborted,
    abort,
    straggled,
    straggle,
    added: [],
    toolsChanged: undefined,
    taskStore,
    taskMessageQueue,
    /** Resolves once as many callers as were expected are there. */
    gather(party, guests) {
      const waiting = parties.get(party) ?? [];
      parties.set(party, waiting);
      return new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === guests) for (const enter of waiting) enter();
      });
    },
  };
}
