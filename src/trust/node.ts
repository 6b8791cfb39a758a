/**
 * What a registry file says, before anything is known about registries: texts, lists and maps, each with its place.
 * Every reader (JSON, plain YAML, full YAML) gives this, so that there is one schema and one set of messages.
 */
export type Node = TextNode | ListNode | MapNode;

export interface TextNode {
  readonly kind: "text";
  readonly text: string;
  /** Written without quotes: a YAML reader may take it for a number, a date, a boolean or null. */
  readonly plain: boolean;
  /** Index of its first character in the file's text. */
  readonly offset: number;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly Node[];
  readonly offset: number;
}

/** A map. Names may repeat here: the schema refuses that. */
export interface MapNode {
  readonly kind: "map";
  readonly members: readonly Member[];
  readonly offset: number;
}

export interface Member {
  readonly name: string;
  readonly offset: number;
  readonly value: Node;
}
