// Over stdio: SDK v2 makes the server once it knows which revision of the protocol the client speaks.
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { createGuard } from "signet-mcp/server";

import { makeServer } from "./tools.mjs";

const [registry, identity, target] = process.argv.slice(2);
const guard = await createGuard({ registry, identity, target });

serveStdio(() => guard.protect(makeServer()));
