// Empties the build folder, so that a file that was removed from src is not published from an old build.
import { rmSync } from "node:fs";

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
