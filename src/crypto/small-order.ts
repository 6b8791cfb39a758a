/**
 * The y coordinates, in hex, of every encoding of a point of small order, canonical or not. With either sign they
 * are fourteen encodings of the eight points; the same table is in libsodium (`ge25519_has_small_order`).
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  // y = 0, order 4
  "0000000000000000000000000000000000000000000000000000000000000000",
  // y = 1, order 1
  "0100000000000000000000000000000000000000000000000000000000000000",
  // order 8
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  // order 8
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  // y = p - 1, order 2
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  // y = p, another way to write 0
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  // y = p + 1, another way to write 1
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map((hex) => Buffer.from(hex, "hex"));

/** Tells whether the first 32 bytes encode a point of small order, with whatever sign. */
export function isSmallOrder(bytes: Uint8Array): boolean {
  return SMALL_ORDER_Y.some((y) => hasY(bytes, y));
}

function hasY(bytes: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (bytes[i] !== y[i]) return false;
  return ((bytes[31] ?? 0) & 0x7f) === y[31];
}
