import { TrustRegistryError } from "../../../src/errors.js";
import { parseTrustRegistry } from "../../../src/trust/parse.js";
import type { ParseTrustRegistryOptions } from "../../../src/trust/parse.js";

/** What reading a text ends in: `undefined` when it holds. Anything that is thrown and no `TrustRegistryError` goes on. */
export function faultOf(text: string, options?: ParseTrustRegistryOptions): TrustRegistryError | undefined {
  try {
    parseTrustRegistry(text, options);
    return undefined;
  } catch (error) {
    if (error instanceof TrustRegistryError) return error;
    throw error;
  }
}
