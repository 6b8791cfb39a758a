/** Makes a guard as a server does, from files, and ends once it is ready. Takes the registry's path and the key's. */
import { createGuard } from "../../dist/server.js";

const [registry, identity] = process.argv.slice(2);
await createGuard({ registry, identity, target: "mcp://bench" });
process.exit();
