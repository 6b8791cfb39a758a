import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { PRODUCER } from "../../src/lib/version.js";

it("what the package calls itself in files is its name and its version", () => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { name, version } = JSON.parse(text) as { name: string; version: string };
  expect(PRODUCER).toBe(`${name} ${version}`);
});
