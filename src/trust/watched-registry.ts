import { TrustRegistryError } from "../errors.js";
import { FileWatch } from "./file-watch.js";
import type { FileWatchTimes } from "./file-watch.js";
import { load } from "./load.js";
import type { LoadSettings, Loaded } from "./load.js";
import type { TrustRegistry } from "./registry.js";

/** How a file is followed, all defaults filled in. */
export interface WatchSettings extends LoadSettings {
  readonly watch: boolean;
  readonly times: FileWatchTimes;
  readonly clock: () => number;
}

/** What became of the file. */
export type TrustRegistryChange =
  /** A new version is in use. */
  | { readonly type: "replaced"; readonly registry: TrustRegistry }
  /** The file is missing or bad; the version before stays in use. Told once for each different fault. */
  | { readonly type: "refused"; readonly error: TrustRegistryError }
  /** The file is good again, and is the version in use. */
  | { readonly type: "restored"; readonly registry: TrustRegistry };

export type TrustRegistryListener = (change: TrustRegistryChange) => void;

export interface TrustRegistryHealth {
  /** Path as it was given. */
  readonly file: string;
  /** Versions taken into use so far, from 1. */
  readonly generation: number;
  /** When the version in use was taken into use, in milliseconds since the Unix epoch. */
  readonly loadedAtMs: number;
  /** Since when the file has been missing or bad, in milliseconds since the Unix epoch. Absent while it is good. */
  readonly staleSinceMs?: number;
  /** What is wrong with the file. Absent while it is good. */
  readonly lastError?: TrustRegistryError;
  /** What a listener of `onChange` threw, or rejected with, last. */
  readonly listenerError?: unknown;
}

/** A trust registry file that is followed. Made by `openTrustRegistry`. */
export class WatchedTrustRegistry implements AsyncDisposable {
  readonly #settings: WatchSettings;
  readonly #watch: FileWatch;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<TrustRegistryListener>();
  #loaded: Loaded;
  #loadedAtMs: number;
  #generation = 1;
  #stale: { readonly sinceMs: number; readonly error: TrustRegistryError } | undefined;
  #listenerFault: { readonly error: unknown } | undefined;
  #running: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  /** Use `openTrustRegistry`. */
  static async open(settings: WatchSettings): Promise<WatchedTrustRegistry> {
    const loaded = await load(settings, undefined, new AbortController().signal);
    const registry = new WatchedTrustRegistry(settings, loaded);
    if (settings.watch) await registry.#watch.start();
    return registry;
  }

  private constructor(settings: WatchSettings, loaded: Loaded) {
    this.#settings = settings;
    this.#loaded = loaded;
    this.#loadedAtMs = settings.clock();
    this.#watch = new FileWatch(settings.path, () => this.#follow(), settings.times);
    this.#watch.setHandled(loaded.stamp);
  }

  /** The version in use. Another object after a reload; take it once for a decision that must be of one piece. */
  get current(): TrustRegistry {
    return this.#loaded.inUse.registry;
  }

  /**
   * Reads the file again, now. What was read before the call does not count.
   *
   * @throws `TrustRegistryError` when it is missing or bad, in which case the old version stays in use;
   * `registry_regressed` when it takes back a restriction or a revocation; `registry_closed` after `close`.
   */
  reload(): Promise<void> {
    if (this.#waiting !== undefined) return this.#waiting;
    const next = this.#running.then(() => {
      this.#waiting = undefined;
      return this.#load();
    });
    this.#waiting = next;
    // Whoever called has the fault from `next`, and so has `health()`.
    this.#running = next.catch(() => undefined);
    return next;
  }

  health(): TrustRegistryHealth {
    const { file } = this.#settings;
    const health = { file, generation: this.#generation, loadedAtMs: this.#loadedAtMs };
    const stale = this.#stale && { staleSinceMs: this.#stale.sinceMs, lastError: this.#stale.error };
    return { ...health, ...stale, ...(this.#listenerFault && { listenerError: this.#listenerFault.error }) };
  }

  /**
   * Calls a function after each change. One that throws changes nothing but `health().listenerError`.
   *
   * @returns a function that ends it.
   */
  onChange(listener: TrustRegistryListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Stops watching. The version in use stays readable; nothing is read any more once this has resolved. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#watch.close();
    this.#listeners.clear();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #follow(): Promise<void> {
    try {
      await this.reload();
    } catch {
      // In `health()` and told to the listeners by now.
    }
  }

  async #load(): Promise<void> {
    const { signal } = this.#closing;
    const closed = (): TrustRegistryError => {
      const { file } = this.#settings;
      return new TrustRegistryError("registry_closed", `${file}: the registry was closed`, { file });
    };
    if (signal.aborted) throw closed();
    let loaded: Loaded;
    try {
      loaded = await load(this.#settings, this.#loaded, signal);
    } catch (cause) {
      if (signal.aborted) throw closed();
      if (cause instanceof TrustRegistryError) this.#refuse(cause);
      throw cause;
    }
    if (signal.aborted) throw closed();
    this.#accept(loaded);
  }

  #accept(loaded: Loaded): void {
    const isSame = loaded.inUse === this.#loaded.inUse;
    const wasStale = this.#stale !== undefined;
    this.#loaded = loaded;
    this.#stale = undefined;
    this.#watch.setHandled(loaded.stamp);
    if (!isSame) {
      this.#generation += 1;
      this.#loadedAtMs = this.#settings.clock();
      this.#tell({ type: "replaced", registry: this.current });
    } else if (wasStale) {
      this.#tell({ type: "restored", registry: this.current });
    }
  }

  #refuse(error: TrustRegistryError): void {
    const isNew = this.#stale?.error.message !== error.message;
    this.#stale = { sinceMs: this.#stale?.sinceMs ?? this.#settings.clock(), error };
    // What could not be read may be readable without having changed: the watch tries again.
    if (error.code === "registry_unreadable") this.#watch.setHandled(undefined);
    if (isNew) this.#tell({ type: "refused", error });
  }

  #tell(change: TrustRegistryChange): void {
    for (const listener of this.#listeners) {
      try {
        const result: unknown = listener(change);
        if (result instanceof Promise) result.catch((error: unknown) => (this.#listenerFault = { error }));
      } catch (error) {
        this.#listenerFault = { error };
      }
    }
  }
}
