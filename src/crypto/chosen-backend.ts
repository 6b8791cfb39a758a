import type { Ed25519Backend } from "./backend.js";
import { nodeBackend } from "./node-backend.js";

let chosen: Ed25519Backend = nodeBackend;

/** The backend that keys are taken in with: `node:crypto`, unless the program chose another. */
export function chosenBackend(): Ed25519Backend {
  return chosen;
}

/** Chooses the backend for the keys that this process takes in from now on. */
export function chooseBackend(backend: Ed25519Backend): void {
  chosen = backend;
}
