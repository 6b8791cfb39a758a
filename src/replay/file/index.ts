/** `signet-mcp/replay/file`: used nonces in a file, for any number of processes of one host. */
export { createFileReplayStore } from "./create.js";
export type { FileReplayStore, FileReplayStoreOptions } from "./create.js";
