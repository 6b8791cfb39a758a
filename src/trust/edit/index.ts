/** Changing a trust registry file without writing it anew: its comments, order and layout stay. */
export { editRegistryFile } from "./edit-file.js";
export type { EditRegistryOptions } from "./edit-file.js";
export type { NewTrustEntry, RegistryEdit, RegistryEditResult } from "./types.js";
