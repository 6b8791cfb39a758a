/** Finds a TCP port of 127.0.0.1 that nobody listens on now. Another process may take it before the caller does. */
export function freePort(): Promise<number>;
