/** Index of the cell that says whether the thread is in the database, and of the one that says that it may not go there any more. */
const BUSY = 0;
const STOP = 1;

/** How long the end of the process waits for the thread to come out of the database. */
const WAIT_MS = 1000;

/** Cells that the two threads share. */
export type GateCells = Int32Array<SharedArrayBuffer>;

/**
 * Keeps the end of a process from ending its thread in the middle of a transaction: the thread would hold lmdb's lock, the process
 * would wait for it for ever, and all others with it.
 */
export function createGateCells(): GateCells {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** The thread's side: says that it goes into the database. @returns `false` when it may not. */
export function enterGate(cells: GateCells): boolean {
  Atomics.store(cells, BUSY, 1);
  if (Atomics.load(cells, STOP) === 0) return true;
  leaveGate(cells);
  return false;
}

/** The thread's side: says that it has come out. */
export function leaveGate(cells: GateCells): void {
  Atomics.store(cells, BUSY, 0);
  Atomics.notify(cells, BUSY);
}

/** The gates of all threads of this process: one listener serves them. */
const gates = new Set<GateCells>();

/** The server's side: from here on the end of the process waits until the thread is out. */
export function watchGate(cells: GateCells): void {
  if (gates.size === 0) process.on("exit", closeGates);
  gates.add(cells);
}

export function unwatchGate(cells: GateCells): void {
  gates.delete(cells);
  if (gates.size === 0) process.off("exit", closeGates);
}

function closeGates(): void {
  for (const cells of gates) Atomics.store(cells, STOP, 1);
  for (const cells of gates) {
    // A thread that waits for a lock cannot be ended, only the whole process. The kernel then gives back what it held.
    if (Atomics.wait(cells, BUSY, 1, WAIT_MS) === "timed-out") process.kill(process.pid, "SIGKILL");
  }
}
