/** The part of `fs-native-extensions` that is used. The package brings no types. */
declare module "fs-native-extensions" {
  interface FileLocks {
    /** Locks a file for its holder alone, if nobody holds it. The kernel frees it when the holder's process ends. */
    tryLock(fd: number): boolean;
    unlock(fd: number): void;
  }
  const locks: FileLocks;
  export default locks;
}
