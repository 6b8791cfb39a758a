/** What was sent and is not answered yet. */
export interface Sent {
  readonly sentAtMs: number;
  /** Settles it, though no answer came. */
  readonly giveUp: () => void;
}

/** All that was sent and is not answered yet, the oldest first. */
export class InFlight {
  readonly #sent = new Set<Sent>();
  #whenIdle: (() => void) | undefined;

  begin(giveUp: () => void): Sent {
    const sent = { sentAtMs: performance.now(), giveUp };
    this.#sent.add(sent);
    return sent;
  }

  end(sent: Sent): void {
    this.#sent.delete(sent);
    if (this.#sent.size === 0) this.#whenIdle?.();
  }

  /** For how long the oldest has been waiting, in milliseconds; 0 when nothing has. */
  waitingMs(): number {
    const [oldest] = this.#sent;
    return oldest === undefined ? 0 : performance.now() - oldest.sentAtMs;
  }

  /** Waits until all are answered, no longer than `ms`, and gives up the rest. */
  async drain(ms: number): Promise<void> {
    if (this.#sent.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const { giveUp } of this.#sent) giveUp();
  }
}
