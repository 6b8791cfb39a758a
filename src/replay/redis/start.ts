import type { ReplayStoreError } from "../../errors.js";
import { delay } from "../../lib/delay.js";
import { inTime } from "../../lib/in-time.js";
import type { Connection } from "./client/types.js";
import { settleBatch } from "./claim-batch.js";
import { refuse, sentenceOf, wordOf } from "./faults.js";
import type { Keyspace } from "./keyspace.js";
import type { RedisSettings } from "./options.js";
import type { Script } from "./script.js";
import { allHeads, askSetup, findSetupFault } from "./setup.js";

const STEP_DEADLINE_MS = 5000;
const LOOK_AGAIN_MS = 20;

/** What comes instead of an answer. */
const LATE = Symbol("late");

/** What does not pass by itself. */
const MISCONFIGURED = ["NOPERM", "NOAUTH", "WRONGPASS", "CROSSSLOT", "MOVED", "READONLY"];

/**
 * Checks that client and server are as replay protection needs them, and begins to remember.
 *
 * @throws `ReplayStoreError` `replay_misconfigured` for what has to be set otherwise, `replay_unavailable` for what may pass.
 */
export async function start(settings: RedisSettings, keyspace: Keyspace, claimScript: Script): Promise<void> {
  const { connection, clock, storeClockSkewMs } = settings;
  await waitUntilReady(connection);
  const misuse = await answerOf(() => connection.findMisuse());
  if (misuse !== undefined) throw refuse("replay_misconfigured", `the Redis client is unfit: ${misuse}`);
  const heads = allHeads(keyspace);
  await Promise.all(
    heads.map(async (head) => {
      const fault = findSetupFault(await answerOf(() => askSetup(connection, head, clock)), storeClockSkewMs);
      if (fault !== undefined) throw refuse("replay_misconfigured", fault);
    }),
  );
  await Promise.all(
    heads.map(async (head) => {
      settleBatch(await answerOf(() => claimScript.run(connection, [head], [String(clock())])), []);
    }),
  );
}

async function waitUntilReady(connection: Connection): Promise<void> {
  const deadline = performance.now() + STEP_DEADLINE_MS;
  for (;;) {
    const { is, name } = connection.state();
    if (is === "ready") return;
    if (is === "closed") {
      throw refuse(
        "replay_misconfigured",
        `the Redis client is not connected (${name}): \`await client.connect()\` before you make the store`,
      );
    }
    if (performance.now() >= deadline) {
      throw refuse(
        "replay_unavailable",
        `the Redis client was not ready within ${STEP_DEADLINE_MS} ms: it is ${name}. Start the server, or correct the client's address, ` +
          'user and password: its event "error" says what is wrong',
      );
    }
    await delay(LOOK_AGAIN_MS);
  }
}

/**
 * Asks until there is an answer. What is asked here may be asked twice; and a Cluster's client connects to a node only when there is
 * something to ask it, and refuses all else until then.
 */
async function answerOf<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + STEP_DEADLINE_MS;
  for (;;) {
    let fault: ReplayStoreError;
    try {
      const left = Math.max(deadline - performance.now(), 0);
      const answer = await inTime<T | typeof LATE>(ask(), left, () => LATE);
      if (answer !== LATE) return answer;
      fault = refuse("replay_unavailable", `the Redis server did not answer within ${STEP_DEADLINE_MS} ms`);
    } catch (error) {
      const isMisconfigured = MISCONFIGURED.includes(wordOf(error) ?? "");
      if (isMisconfigured) throw refuse("replay_misconfigured", sentenceOf(error), error);
      fault = refuse("replay_unavailable", sentenceOf(error), error);
    }
    if (performance.now() >= deadline) throw fault;
    await delay(LOOK_AGAIN_MS);
  }
}
