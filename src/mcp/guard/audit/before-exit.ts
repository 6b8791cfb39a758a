const works = new Set<() => void>();

/**
 * Has something done when the process has nothing else left to do, as that of a stdio server whose client is gone: it ends
 * then, after what this begins. Not when it is made to exit, or killed.
 *
 * @returns what takes it back.
 */
export function beforeExit(work: () => void): () => void {
  // One listener, however many guards there are.
  if (works.size === 0) process.on("beforeExit", doAll);
  works.add(work);
  return () => {
    works.delete(work);
    if (works.size === 0) process.off("beforeExit", doAll);
  };
}

function doAll(): void {
  for (const work of works) work();
}
