/** `true` where each of two types can stand for the other. */
export type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
