import type { PublicKeyText } from "../../crypto/key-text.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";

/** Tasks whose owner is remembered, at most. Beyond it the oldest is forgotten, and refused from then on. */
const MAX_TASKS = 100_000;
const MAX_TASKS_OF_ONE = 10_000;

/**
 * Which key created which task. What the guard does not know belongs to nobody: a task of another process or of
 * before a restart is refused.
 */
export class TaskOwners {
  readonly #owners = new Map<string, PublicKeyText>();
  readonly #counts = new Map<PublicKeyText, number>();

  /** Remembers a task. A signer with very many tasks loses its own oldest ones, not another's. */
  add(taskId: string, owner: PublicKeyText): void {
    if (this.#owners.has(taskId)) return;
    const count = this.#counts.get(owner) ?? 0;
    if (count >= MAX_TASKS_OF_ONE) this.#forgetOldest(owner);
    else if (this.#owners.size >= MAX_TASKS) this.#forgetOldest(undefined);
    this.#owners.set(taskId, owner);
    this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + 1);
  }

  owns(owner: PublicKeyText, taskId: unknown): boolean {
    return typeof taskId === "string" && this.#owners.get(taskId) === owner;
  }

  /** The answer to `tasks/list` without the tasks of others. */
  keepOwn(answer: JsonRecord, owner: PublicKeyText): JsonRecord {
    const result = ownValue(answer, "result");
    const tasks = isPlainObject(result) ? ownValue(result, "tasks") : undefined;
    if (!isPlainObject(result) || !Array.isArray(tasks)) return answer;
    const own = tasks.filter((task) => isPlainObject(task) && this.owns(owner, ownValue(task, "taskId")));
    return { ...answer, result: { ...result, tasks: own } };
  }

  #forgetOldest(owner: PublicKeyText | undefined): void {
    for (const [taskId, key] of this.#owners) {
      if (owner !== undefined && key !== owner) continue;
      this.#owners.delete(taskId);
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
      return;
    }
  }
}
