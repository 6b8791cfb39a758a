/** A thread that checks pieces as the package's does, and dies of those that say so. */
import { parentPort } from "node:worker_threads";

const listen = parentPort.on.bind(parentPort);
parentPort.on = (event, listener) =>
  listen(event, (request) => {
    const { bytes } = request;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    if (text.includes("throw-here")) throw new Error("told to");
    if (text.includes("exit-here")) process.exit(3);
    if (text.includes("exhaust-here")) for (const all = []; ;) all.push({});
    listener(request);
  });
await import("../../../dist/audit/verify/worker.js");
