/** Measures a store and a bare client by turns, in short rounds, so that a neighbour on the processor spoils both alike. */
import { claimFor } from "./claim-load.mjs";
import { median } from "./statistics.mjs";

export const SIZES = [
  { live: 1000, name: "1 k" },
  { live: 1_000_000, name: "1 M" },
];
const CALLERS = [1, 64];
const ROUNDS = 5;
const SECONDS = 0.8;

/**
 * @param title - Names the rows of a load.
 * @param own - Claims at the store. @param bare - Does the same without it.
 * @param target - Of the share of the bare rate; `atLeastPerSecond` is about the rate with 64 callers instead.
 */
export async function byTurns(title, own, bare, { atLeast, atLeastPerSecond }) {
  const rows = [];
  for (const callers of CALLERS) {
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const one = await claimFor(own, callers, SECONDS);
      const other = await claimFor(bare, callers, SECONDS);
      rounds.push({ ...one, barePerSecond: other.perSecond, share: one.perSecond / other.perSecond });
    }
    const middle = (what) => median(rounds.map((round) => round[what]));
    const load = `${callers} caller${callers === 1 ? "" : "s"}`;
    const rate = { name: title(`claims, ${load}`), value: middle("perSecond"), unit: "claims/s" };
    if (atLeast === undefined)
      rows.push(callers === 1 ? rate : { ...rate, target: { atLeast: atLeastPerSecond } });
    // One caller at a time makes no pipeline: what it waits for is the way there and back.
    else rows.push({ ...rate, share: middle("share"), ...(callers === 1 ? {} : { target: { atLeast } }) });
    rows.push({ name: title(`p99, ${load}`), value: middle("p99Ms"), unit: "ms" });
    if (atLeast === undefined)
      rows.push({ name: title(`bare, ${load}`), value: middle("barePerSecond"), unit: "claims/s" });
  }
  return rows;
}
