import type { RecordFile } from "../byte-source.js";
import { readPieces } from "../read-pieces.js";
import type { Piece } from "../read-pieces.js";
import { chooseChecker } from "./choose-checker.js";
import type { CheckerChoice } from "./choose-checker.js";
import { loadRegistry } from "./load-registry.js";
import type { Verification } from "./options.js";
import type { AuditReport } from "./report.js";
import { measureFiles } from "./settled-size.js";
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
  const sizes = await measureFiles(files);
  const bytesTotal = sizes.reduce((sum, size) => sum + size, 0);
  const tally = new Tally(start, onFinding);
  addFirst(tally);
  const checker = await chooseChecker(bytesTotal, verification, registry, choice);
  try {
    let bytesBefore = 0;
    for (const [at, file] of files.entries()) {
      const size = sizes[at] ?? 0;
      tally.beginFile(file, size);
      for await (const add of checkFile(file, size, checker)) {
        signal?.throwIfAborted();
        const used = add(tally);
        onProgress({ bytesDone: bytesBefore + Math.min(used, size), bytesTotal, records: tally.records });
      }
      tally.endFile(at === files.length - 1);
      bytesBefore += size;
    }
    return tally.finish(startGiven, registry);
  } finally {
    await checker.close();
  }
}

/** Adds what came of a piece. @returns bytes of the file that were used by then. */
type AddPiece = (tally: Tally) => number;

/** Has the pieces of a file checked, some at a time, and gives what came of them in their order. */
async function* checkFile(
  file: RecordFile,
  size: number,
  checker: PieceChecker,
): AsyncGenerator<AddPiece, void, undefined> {
  const queue: Promise<AddPiece>[] = [];
  try {
    for await (const piece of readPieces(file, { upTo: size })) {
      queue.push(checkOne(piece, checker));
      // A rejection is met where its turn comes.
      queue.at(-1)?.catch(() => undefined);
      if (queue.length > checker.inFlight) {
        const first = queue.shift();
        if (first !== undefined) yield await first;
      }
    }
    for (const add of queue) yield await add;
  } finally {
    queue.length = 0;
  }
}

async function checkOne(piece: Piece, checker: PieceChecker): Promise<AddPiece> {
  const { used } = piece;
  if (piece.kind === "lines") {
    const result = await checker.check(piece.bytes);
    return (tally) => {
      tally.addPiece(result);
      return used;
    };
  }
  return (tally) => {
    if (piece.kind === "fault") tally.addFault(piece.code, piece.detail);
    else tally.addLongLine(piece.length, piece.terminated);
    return used;
  };
}
