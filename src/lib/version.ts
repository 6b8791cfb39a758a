/** As in `package.json`. */
export const VERSION = "0.1.0";

/** What this package calls itself in files that it writes. */
export const PRODUCER: string = `signet-mcp ${VERSION}`;
