import { createServer } from "node:net";

/** Finds a TCP port of 127.0.0.1 that nobody listens on now. Another process may take it before the caller does. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
