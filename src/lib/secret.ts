/** What a key file, a line of one, or a PEM begins with, and no path. */
const FILE_TEXT = /^(?:\{|-----BEGIN|["']?seed["']?\s*[:=])/;

/** Hex, base64, base64url and lists of bytes; what is shorter than 40 characters is no private key in any of these forms. */
const KEY_TEXT = /^[A-Za-z0-9+/_=:,\s[\]-]{40,}$/;

/**
 * Tells whether a text that was given in place of a name or a path may be a private key, in whatever form, or of a file that
 * holds one: then it must not get into a message. What has a dot in it is a path.
 */
export function mayBeSecret(text: string): boolean {
  const bare = text.trim().replace(/^["']|["']$/g, "");
  return FILE_TEXT.test(bare) || FILE_TEXT.test(text.trim()) || KEY_TEXT.test(bare);
}
