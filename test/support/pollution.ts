/**
 * Runs something while every object inherits an enumerable member named `inherited`, as after a prototype was
 * polluted. Compare what it returns afterwards: test runners trip over the member themselves.
 */
export function withInheritedMember<T>(run: () => T, value: unknown = "from the prototype"): T {
  // oxlint-disable-next-line no-extend-native -- to see that nothing depends on it
  Object.defineProperty(Object.prototype, "inherited", {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  try {
    return run();
  } finally {
    Reflect.deleteProperty(Object.prototype, "inherited");
  }
}
