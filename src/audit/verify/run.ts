import type { RecordFile } from "../read/byte-source.js";
import { readPieces } from "../read/read-pieces.js";
import type { Piece } from "../read/read-pieces.js";
import { chooseChecker } from "./choose-checker.js";
import type { CheckerChoice } from "./choose-checker.js";
import { loadRegistry } from "./load-registry.js";
import type { Verification } from "./options.js";
import type { AuditReport } from "./report.js";
import { measureFiles } from "./settled-size.js";
import type { MeasuredFile } from "./settled-size.js";
import { Tally } from "./tally.js";
import type { PieceChecker } from "./worker-pool.js";

/**
 * Verifies files.
 *
 * @param addFirst - Adds what is known to be wrong before any file is read.
 */
export async function run(
  files: readonly RecordFile[],
  verification: Verification,
  addFirst: (tally: Tally) => void = () => undefined,
  choice: Partial<CheckerChoice> = {},
): Promise<AuditReport> {
  const { start, startGiven, onFinding, onProgress, signal } = verification;
  signal?.throwIfAborted();
  const registry = await loadRegistry(verification.registry);
  const measured = await measureFiles(files);
  const bytesTotal = measured.reduce((sum, { size }) => sum + size, 0);
  const tally = new Tally(start, onFinding);
  addFirst(tally);
  const checker = await chooseChecker(bytesTotal, verification, registry, choice);
  try {
    let bytesDone = 0;
    for await (const { apply, bytes } of inOrder(readSteps(measured, checker), checker.inFlight)) {
      signal?.throwIfAborted();
      apply(tally);
      if (bytes === undefined) continue;
      bytesDone = Math.max(bytesDone, bytes);
      onProgress({ bytesDone, bytesTotal, records: tally.records });
    }
    return tally.finish(startGiven, registry);
  } finally {
    await checker.close();
  }
}

/** What comes next in a report. */
interface Step {
  readonly apply: (tally: Tally) => void;
  /** Bytes of all files that were read by then; `undefined` where none were. */
  readonly bytes: number | undefined;
}

/** A step that is known later. In an object, or a generator would wait for it. */
interface Pending {
  readonly step: Promise<Step> | Step;
}

/** Gives steps in their order, while some more are at work: at the end of a file, too, all threads have something to do. */
async function* inOrder(
  steps: AsyncIterable<Pending>,
  inFlight: number,
): AsyncGenerator<Step, void, undefined> {
  const queue: Pending[] = [];
  for await (const next of steps) {
    queue.push(next);
    const first = queue.length > inFlight ? queue.shift() : undefined;
    if (first !== undefined) yield await first.step;
  }
  for (const { step } of queue) yield await step;
}

async function* readSteps(
  files: readonly MeasuredFile[],
  checker: PieceChecker,
): AsyncGenerator<Pending, void, undefined> {
  let bytesBefore = 0;
  for (const [at, { file, size }] of files.entries()) {
    yield { step: { apply: (tally) => tally.beginFile(file, size), bytes: undefined } };
    for await (const piece of readPieces(file, { upTo: size })) {
      const step = checkOne(piece, bytesBefore + Math.min(piece.used, size), checker);
      // A rejection is met where its turn comes.
      step.catch(() => undefined);
      yield { step };
    }
    yield { step: { apply: (tally) => tally.endFile(at === files.length - 1), bytes: undefined } };
    bytesBefore += size;
  }
}

async function checkOne(piece: Piece, bytes: number, checker: PieceChecker): Promise<Step> {
  if (piece.kind === "lines") {
    const results = await checker.check(piece.bytes);
    return { apply: (tally) => results.forEach((result) => tally.addPiece(result)), bytes };
  }
  const apply = (tally: Tally): void => {
    if (piece.kind === "fault") tally.addFault(piece.code, piece.detail);
    else tally.addLongLine(piece.length, piece.terminated);
  };
  return { apply, bytes };
}
