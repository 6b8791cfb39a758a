/** `signet-mcp/sodium`: Ed25519 by libsodium, in half of the time. */
export { useSodium } from "./crypto/use-sodium.js";
