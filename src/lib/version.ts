/** What this package calls itself in files that it writes: its name and the version of `package.json`. */
export const PRODUCER = "signet-mcp 0.1.0";
