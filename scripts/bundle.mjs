// Puts the modules of each public entry into few files: a process that loads a guard opens four files instead of a
// hundred and twenty. Types stay as `tsc` wrote them. Run after `tsc`.
import { readFileSync } from "node:fs";
import { rolldown } from "rolldown";

const { exports: entries, bin } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);
const targets = Object.values(entries)
  .map((entry) => entry.default)
  .filter((path) => path !== undefined);
const input = Object.fromEntries(
  [
    ...targets,
    `./${bin.signet}`,
    "./dist/trust/worker.js",
    "./dist/audit/verify/worker.js",
    "./dist/replay/file/worker.js",
  ].map((path) => [path.slice("./dist/".length, -".js".length), path]),
);
const bundle = await rolldown({
  preserveEntrySignatures: "allow-extension",
  input,
  platform: "node",
  // Packages are loaded where they are installed.
  external: /^(?:node:|[a-z@])/,
});
await bundle.write({
  dir: "dist",
  format: "esm",
  entryFileNames: "[name].js",
  // The registry finds its worker beside itself, and the audit log its own from there.
  chunkFileNames: "trust/chunk-[hash].js",
  // What nearly every entry loads, in one file each: a file takes longer to open than to read.
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      { name: "base", test: /\/dist\/(?:lib|crypto\/(?!sodium|use-sodium)|receipt)/ },
      { name: "trust", test: /\/dist\/trust\/(?!worker|read-in-worker|shipment|read-yaml|parse)/ },
      { name: "verify", test: /\/dist\/(?:verify|replay\/(?!contract|file|redis|postgres|index))/ },
      {
        name: "mcp",
        test: /\/dist\/(?:mcp\/(?!guard|client)|keystore\/(?:identity|kdf|key-file|load|names|passphrase|p[a-z]+-file|seal))/,
      },
      { name: "guard", test: /\/dist\/mcp\/guard\/(?!discovery)/ },
      { name: "client", test: /\/dist\/mcp\/client/ },
    ],
  },
});
await bundle.close();
