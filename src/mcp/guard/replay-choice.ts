import { GuardError, OptionError } from "../../errors.js";
import { createMemoryReplayStore } from "../../replay/memory.js";
import type { ReplayStore } from "../../replay/types.js";

/** The option `replay`, checked. */
export type ReplayOption = ReplayStore | "memory" | "file" | undefined;

/**
 * Which store a guard keeps its nonces in: one for all its connections. Where none was chosen, the first connection decides: over
 * stdio, or what may be like it, every connection is a process, and they share a file.
 */
export class ReplayChoice {
  readonly #clock: () => number;
  /** Made at once: it knows nothing of what is older than itself. */
  #memory: ReplayStore | undefined;
  #store: ReplayStore | undefined;
  #opening: Promise<void> | undefined;
  /** Frees what was opened here. A store that was passed in stays its owner's to close. */
  #release: () => Promise<void> = () => Promise.resolve();
  /** Whether it was the default that memory was taken. */
  #isByDefault = false;
  #closed = false;

  private constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** @throws what `createFileReplayStore` throws, for `"file"`. */
  static async open(option: ReplayOption, clock: () => number): Promise<ReplayChoice> {
    const choice = new ReplayChoice(clock);
    if (typeof option === "object") choice.#store = option;
    else if (option === "file") await choice.#openFile();
    else choice.#memory = createMemoryReplayStore({ clock });
    if (option === "memory") choice.#takeMemory();
    return choice;
  }

  /** The store. Where none was chosen by now it is one in memory from here on. */
  readonly store = (): ReplayStore => this.#store ?? this.#takeDefault();

  /** What is known of the store, without choosing one. */
  get chosen(): ReplayStore | undefined {
    return this.#store;
  }

  /** Whether the store can count calls. One that is not chosen yet will. */
  get counts(): boolean {
    return (
      this.#store === undefined || (this.#store.charge !== undefined && this.#store.refund !== undefined)
    );
  }

  /** Whether memory was taken because nothing was said, and nothing is known of the transport. */
  get isByDefault(): boolean {
    return this.#isByDefault;
  }

  /** Decides for a connection that shares this process with others. */
  forShared(): void {
    if (this.#store === undefined && this.#opening === undefined) this.#takeDefault();
  }

  /**
   * Decides for a connection whose process is its own.
   *
   * @returns `undefined` when there is nothing to wait for.
   * @throws `GuardError` `replay_not_chosen` when nonces are kept in memory by default; or rejects with what `createFileReplayStore` throws.
   */
  forProcess(): Promise<void> | undefined {
    if (this.#isByDefault) throw notChosen();
    if (this.#store !== undefined) return undefined;
    this.#opening ??= this.#openFile().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    await this.#release();
  }

  async #openFile(): Promise<void> {
    // Loaded only where it is used.
    const { createFileReplayStore } = await import("../../replay/file/create.js");
    const store = await createFileReplayStore({ clock: this.#clock });
    if (this.#closed || this.#store !== undefined) {
      await store.close();
      if (this.#isByDefault) throw notChosen();
      return;
    }
    this.#own(store);
  }

  #takeDefault(): ReplayStore {
    this.#isByDefault = true;
    return this.#takeMemory();
  }

  #takeMemory(): ReplayStore {
    const store = this.#memory ?? createMemoryReplayStore({ clock: this.#clock });
    this.#own(store);
    return store;
  }

  #own(store: ReplayStore): void {
    this.#store = store;
    this.#release = async () => store.close?.();
  }
}

function notChosen(): GuardError {
  return new GuardError(
    "replay_not_chosen",
    "this guard has served another transport and keeps nonces in memory, which a process over stdio cannot share: " +
      'give createGuard `replay: "file"`, or "memory" if no other process of this server runs',
  );
}

/**
 * Checks that a store can count calls, where the registry says how often agents may call.
 *
 * @throws `OptionError` `invalid_option`.
 */
export function requireCounting(choice: ReplayChoice, hasLimits: boolean): void {
  if (!hasLimits || choice.counts) return;
  throw new OptionError(
    "invalid_option",
    "options.replay",
    "options.replay must have `charge` and `refund`, as the registry has entries with `limits`: take one of the stores of this package",
  );
}
