import { existsSync } from "node:fs";

/**
 * Finds the compiled entry of a worker thread, from whatever file of the package the calling code ended up in.
 *
 * @param from - `import.meta.url` of the caller.
 * @param path - Where the entry is in the package, such as `audit/verify/worker.js`.
 * @returns `undefined` where the package was put into a bundle of somebody else's: there is no such file then.
 */
export function findWorkerFile(from: string, path: string): URL | undefined {
  return [`../${path}`, `./${path}`, "./worker.js"]
    .map((at) => new URL(at, from))
    .find((url) => existsSync(url));
}
