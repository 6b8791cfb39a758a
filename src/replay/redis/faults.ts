import { ReplayStoreError } from "../../errors.js";

/** What the store runs, as an ACL names it. */
export const COMMANDS =
  "+eval +evalsha +info +time +get +set +del +exists +hget +hmget +hset +hincrby +hdel +hkeys +pexpire";

/** By the first word of a server's error: what it means, and what to do. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  ["OOM", "the Redis server is out of memory: give it more, or raise maxmemory"],
  ["READONLY", "the Redis server is a replica: connect to the primary"],
  ["LOADING", "the Redis server is still loading its data"],
  ["MASTERDOWN", "the Redis server is a replica that has lost its primary"],
  ["NOREPLICAS", "the Redis server has fewer replicas than min-replicas-to-write asks for"],
  ["CLUSTERDOWN", "the Redis Cluster is down, or a part of it is"],
  ["TRYAGAIN", "the Redis Cluster is moving the keys to another node"],
  ["MISCONF", "the Redis server cannot save to its disk, and takes no writes"],
  ["BUSY", "the Redis server is busy with a script that does not end"],
  ["CROSSSLOT", "the Redis server is a Cluster: connect with a cluster client"],
  ["MOVED", "the Redis server is a Cluster: connect with a cluster client"],
  [
    "NOPERM",
    `the Redis user may not run what the store needs: ACL SETUSER <name> ${COMMANDS}, and ~<keyPrefix>*`,
  ],
  ["NOAUTH", "the Redis server asks for a password"],
  ["WRONGPASS", "the Redis server does not take the user name or password"],
]);

/** Scripts of before Redis 7 wrap the word in a sentence of their own. */
const WORD = new RegExp(`\\b(?:${[...SENTENCES.keys()].join("|")})\\b`);

/** How Redis 7.0 says `NOPERM` of what a script calls. */
const NO_PERMISSION = "The user executing the script can't";

/** The word that a server's error begins with, if it is one that is known. */
export function wordOf(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : error;
  if (typeof text !== "string") return undefined;
  return text.includes(NO_PERMISSION) ? "NOPERM" : WORD.exec(text)?.[0];
}

/** Tells that a script was not there to be run: then nothing was done, for certain. */
export function isScriptMissing(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/**
 * Makes what a claim is refused with of what a client rejected with, or of a server's error text.
 *
 * What a client says goes into the cause only: the message goes into logs, and a client might name its URL there.
 */
export function claimFault(error: unknown): ReplayStoreError {
  const word = wordOf(error);
  return refuse(word === "OOM" ? "replay_full" : "replay_unavailable", sentenceOf(error), error);
}

/** The same for a charge, which knows no other code than `replay_unavailable`. */
export function chargeFault(error: unknown): ReplayStoreError {
  return refuse("replay_unavailable", sentenceOf(error), error);
}

/** Says what an error means. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ReplayStoreError) return error.message;
  return (
    SENTENCES.get(wordOf(error) ?? "") ??
    "the Redis server cannot be reached or gave no answer; claims that were sent count as made"
  );
}

/** What was sent before the store was closed, and not answered in time. */
export function givenUp(): ReplayStoreError {
  return refuse(
    "replay_unavailable",
    "the store was closed before the answer came; what was sent counts as done",
  );
}

export function refuse(code: ReplayStoreError["code"], message: string, cause?: unknown): ReplayStoreError {
  if (cause instanceof ReplayStoreError) return cause;
  return new ReplayStoreError(code, message, cause === undefined ? undefined : { cause });
}
