/** What a private key looks like as a text: 32 bytes, or 64 with the public key, as hex, base64 or base64url. */
const KEY_TEXT =
  /^(?:ed25519:)?(?:[0-9a-f]{64}|[0-9a-f]{128}|[A-Za-z0-9+/_-]{43}=?|[A-Za-z0-9+/_-]{86}(?:==)?)$/i;

/** What a key file or a PEM begins with, and no path. */
const FILE_TEXT = /^(?:\{|-----BEGIN)/;

/**
 * Tells whether a text that was given in place of a name or a path may be a private key, or a file that holds one: then it
 * must not get into a message.
 */
export function mayBeSecret(text: string): boolean {
  const bare = text.trim().replace(/^["']|["']$/g, "");
  return KEY_TEXT.test(bare) || FILE_TEXT.test(bare);
}
