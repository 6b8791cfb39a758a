import { isPlainObject } from "../../lib/json.js";
import type { MethodSet } from "../method-set.js";

/** The requests by which a client reaches what a capability offers. `tools/list` tells no more than names. */
const CAPABILITY_METHODS: Readonly<Record<string, readonly string[]>> = {
  tools: ["tools/call"],
  tasks: ["tasks/get", "tasks/result", "tasks/cancel", "tasks/list"],
  resources: ["resources/read", "resources/list", "resources/templates/list"],
  prompts: ["prompts/get", "prompts/list"],
  completions: ["completion/complete"],
  logging: ["logging/setLevel"],
};

/** The capabilities of a guard's servers whose requests need no receipt. */
export class UncoveredCapabilities {
  readonly #methods: MethodSet;
  readonly #names = new Set<string>();

  constructor(methods: MethodSet) {
    this.#methods = methods;
  }

  get names(): readonly string[] {
    return [...this.#names];
  }

  /** Notes what a server says that it offers. @returns what of it is uncovered and was not noted before. */
  note(capabilities: unknown): readonly string[] {
    if (!isPlainObject(capabilities)) return [];
    const fresh = Object.entries(CAPABILITY_METHODS)
      .filter(([name, methods]) => Object.hasOwn(capabilities, name) && !this.#coversAll(methods))
      .map(([name]) => name)
      .filter((name) => !this.#names.has(name));
    for (const name of fresh) this.#names.add(name);
    return fresh;
  }

  #coversAll(methods: readonly string[]): boolean {
    return methods.every((method) => this.#methods.covers(method));
  }
}
