// Holds the lock of a log until it is killed: `node lock-holder.mjs DIR`.
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import locks from "fs-native-extensions";

const fd = openSync(join(process.argv[2], "log.lock"), "a");
if (!locks.tryLock(fd)) process.exit(1);
writeSync(1, "held\n");
setInterval(() => {}, 1000);
