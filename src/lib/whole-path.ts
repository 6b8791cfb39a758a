import { isAbsolute, resolve } from "node:path";

/** A path for a message: with the place that it leads to, where that depends on the working directory. */
export function wholePath(path: string): string {
  return isAbsolute(path) ? path : `${path} (${resolve(path)})`;
}
