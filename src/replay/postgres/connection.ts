import { isHarmless, unavailable } from "./failures.js";
import { ignoreErrors } from "./pool.js";
import type { PostgresClient, PostgresPool } from "./pool.js";

/** How long a claim may wait for a connection, in milliseconds. */
export const CONNECT_MS = 1000;

/** How much longer than the server may work a statement may take before it is given up, in milliseconds. */
const SLACK_MS = 750;

/**
 * Borrows a client.
 *
 * @throws what the pool throws, and `ReplayStoreError` when it takes longer. One that arrives later goes back at once.
 */
export function borrow(pool: PostgresPool, withinMs: number = CONNECT_MS): Promise<PostgresClient> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const cancel = setDeadline(withinMs, () => {
      isLate = true;
      reject(
        unavailable(
          `the pool gave no connection within ${withinMs} ms: it is in use, or the server does not answer`,
        ),
      );
    });
    const lend = (client: PostgresClient): void => {
      cancel();
      if (isLate) giveBack(client, false);
      else resolve(client);
    };
    const refuse = (error: unknown): void => {
      cancel();
      reject(error);
    };
    // A pool that throws instead of rejecting is treated the same.
    new Promise<PostgresClient>((settle) => {
      settle(pool.connect());
    }).then(lend, refuse);
  });
}

/** A statement's answer, or why there is none. */
export type Reply = { readonly answer: string } | { readonly error: unknown };

/**
 * Asks the server, and gives the client back.
 *
 * One message in the simple protocol, which is one transaction: with a limit of time that ends with it, and with no trace in the session
 * afterwards, so that a connection pooler may stand between. Each of the statements has the time to itself. What the connection has
 * for a default of the isolation level must not matter.
 *
 * @param select - Writes what is selected: one text. It holds no text of others, only names, numbers and hexadecimal digits.
 */
export async function ask(client: PostgresClient, select: () => string, timeoutMs: number): Promise<Reply> {
  const reply = await replyTo(client, select, timeoutMs);
  giveBack(client, "error" in reply && !isHarmless(reply.error));
  return reply;
}

async function replyTo(client: PostgresClient, select: () => string, timeoutMs: number): Promise<Reply> {
  const stopListening = ignoreErrors(client);
  try {
    const text =
      "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; " +
      `SET LOCAL statement_timeout = ${timeoutMs}; SELECT ${select()} AS answer`;
    return { answer: readAnswer(await inTime(client.query(text), timeoutMs + SLACK_MS)) };
  } catch (error) {
    return { error };
  } finally {
    // The pool listens from when it has the client back, so until then this goes on.
    setImmediate(stopListening);
  }
}

function giveBack(client: PostgresClient, destroy: boolean): void {
  try {
    client.release(destroy);
  } catch {
    // A pool that does not want it back.
  }
}

/** Waits for a reply. One that comes too late is not waited for: the statement may have been carried out. */
function inTime<T>(value: Promise<T>, withinMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = setDeadline(withinMs, () => {
      reject(unavailable(`the server did not answer within ${withinMs} ms`));
    });
    void value.then(resolve, reject).finally(cancel);
  });
}

/** If it was this process that was held up, what is waited for may be there to be read: it is read first. */
function setDeadline(withinMs: number, late: () => void): () => void {
  let isOver = false;
  const timer = setTimeout(() => {
    setImmediate(() => {
      if (!isOver) late();
    });
  }, withinMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Reads the one text of the last result of several. */
function readAnswer(results: unknown): string {
  const last: unknown = Array.isArray(results) ? results.at(-1) : results;
  if (typeof last === "object" && last !== null && "rows" in last && Array.isArray(last.rows)) {
    const row: unknown = last.rows[0];
    if (typeof row === "object" && row !== null && "answer" in row && typeof row.answer === "string") {
      return row.answer;
    }
  }
  throw unavailable("the pool gave no valid answer");
}
