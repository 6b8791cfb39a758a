/** What a check came to: all is well, worth a look, or something is wrong. */
export type Level = "ok" | "look" | "wrong";

export interface Finding {
  readonly level: Level;
  /** What was looked at, in a word. */
  readonly about: string;
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export function ok(about: string, text: string): Finding {
  return { level: "ok", about, text };
}

export function look(about: string, text: string, remedy?: string): Finding {
  return { level: "look", about, text, ...(remedy === undefined ? {} : { remedy }) };
}

export function wrong(about: string, text: string, remedy?: string): Finding {
  return { level: "wrong", about, text, ...(remedy === undefined ? {} : { remedy }) };
}

/** What an error says, as a finding. The messages of this package say what to do. */
export function faultOf(about: string, error: unknown): Finding {
  return wrong(about, error instanceof Error ? error.message : String(error));
}
