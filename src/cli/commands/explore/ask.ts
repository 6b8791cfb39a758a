import { isCancel } from "@clack/prompts";
import type { CANCEL_SYMBOL } from "@clack/prompts";
import type { Key } from "node:readline";

/** What became of a question: an answer, a step back, or the end of it all. */
export type Answer<Value> =
  { readonly kind: "answer"; readonly value: Value } | { readonly kind: "back" } | { readonly kind: "end" };

const SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/**
 * Asks. Escape is a step back; ctrl-c, ctrl-d and signals are the end, and leave the terminal as it was.
 *
 * @param prompt - Ends when the signal says so.
 */
export async function ask<Value>(
  prompt: (signal: AbortSignal) => Promise<Value | typeof CANCEL_SYMBOL>,
): Promise<Answer<Value>> {
  const ending = new AbortController();
  let isEnd = false;
  let received: NodeJS.Signals | undefined;
  const onKey = (_text: unknown, { name, ctrl }: Key): void => {
    if (ctrl !== true || (name !== "c" && name !== "d")) return;
    isEnd = true;
    // The prompt does not know ctrl-d; its own turn with the key comes first.
    if (name === "d") setImmediate(() => ending.abort());
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    [isEnd, received] = [true, signal];
    ending.abort();
  };
  process.stdin.on("keypress", onKey);
  for (const signal of SIGNALS) process.once(signal, onSignal);
  try {
    const answer = await prompt(ending.signal);
    if (!isCancel(answer)) return { kind: "answer", value: answer };
    return { kind: isEnd ? "end" : "back" };
  } finally {
    process.stdin.off("keypress", onKey);
    for (const signal of SIGNALS) process.off(signal, onSignal);
    // Whoever sent it expects to see that it worked.
    if (received !== undefined) process.kill(process.pid, received);
  }
}
