import { BILATERAL_META_KEYS } from "./meta-keys.js";

/** What the caller of a tool saw, as JSON, and whether a countersignature came with it. */
export interface Observation {
  readonly seen: Seen;
  readonly countersigned: boolean;
}

export type Seen =
  | { readonly result: Record<string, unknown> }
  | { readonly error: { readonly code?: unknown; readonly message: string; readonly data?: unknown } };

/** Waits for an answer and writes down what came, without the countersignature, so that it can be compared. */
export async function observe(answer: Promise<object>): Promise<Observation> {
  try {
    const result = asRecord(JSON.parse(JSON.stringify(await answer)));
    const meta = withoutCountersignature(result["_meta"]);
    return { seen: { result: replace(result, "_meta", meta.value) }, countersigned: meta.removed };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const data = withoutCountersignature("data" in error ? error.data : undefined);
    const code = "code" in error ? { code: error.code } : {};
    const seen = replace({ ...code, message: error.message }, "data", data.value);
    return { seen: { error: { message: error.message, ...seen } }, countersigned: data.removed };
  }
}

/** The text of the first content block of a result, or of the error. */
export function textOf({ seen }: Observation): string {
  if ("error" in seen) return `error: ${seen.error.message}`;
  const content: unknown = seen.result["content"];
  const first: unknown = Array.isArray(content) ? content[0] : undefined;
  const text = asRecord(first)["text"];
  return typeof text === "string" ? text : "";
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function withoutCountersignature(value: unknown): { value: unknown; removed: boolean } {
  if (typeof value !== "object" || value === null) return { value, removed: false };
  const entries = Object.entries(value);
  const kept = entries.filter(([key]) => !BILATERAL_META_KEYS.includes(key));
  if (kept.length === entries.length) return { value, removed: false };
  return { value: kept.length === 0 ? undefined : Object.fromEntries(kept), removed: true };
}

function replace(record: Record<string, unknown>, key: string, value: unknown): Record<string, unknown> {
  const { [key]: _, ...rest } = record;
  return value === undefined ? rest : { ...rest, [key]: value };
}
