// Starts an example's HTTP server as a process of its own and waits for the port that it prints.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** @returns its base URL, and `stop()`, which ends it. */
export async function startServer(program, args) {
  const child = spawn(process.execPath, [fileURLToPath(program), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, "exit");
  const [port] = await Promise.race([
    once(lines, "line"),
    exited.then(([status]) => {
      throw new Error(`the server ended with status ${status} before it listened`);
    }),
  ]);
  const stop = async () => {
    child.kill();
    await exited;
  };
  return { url: new URL(`http://127.0.0.1:${port}`), stop };
}
