import type { Deployment } from "./deployment.js";
import type { Peer } from "./peer.js";
import type { Trait } from "./traits.js";

/** What a case has to work with. `alice` stays connected from one case to the next. */
export interface Stage {
  readonly deployment: Deployment;
  readonly alice: Peer;
}

/** Something that works bare and has to work guarded. */
export interface Case {
  /** Completes "… as it does bare". */
  readonly title: string;
  readonly needs?: readonly Trait[];
  /** Runs the case, checks that it did what it is about, and returns what the client saw. */
  run(stage: Stage): Promise<unknown>;
}
