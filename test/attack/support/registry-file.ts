import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { testRegistryText } from "../../../src/testing.js";
import type { TestRegistryInput } from "../../../src/testing.js";

/** A registry file of its own for a test. */
export interface RegistryFile {
  readonly path: string;
  readonly folder: string;
  /** Writes a new version. @param generatedAt - Later with every version, unless told otherwise. */
  write(input: TestRegistryInput, generatedAt?: string): Promise<void>;
  writeText(text: string): Promise<void>;
}

export async function registryFile(input: TestRegistryInput): Promise<RegistryFile> {
  const folder = await mkdtemp(join(tmpdir(), "signet-registry-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "registry.json");
  let version = 0;
  const file: RegistryFile = {
    path,
    folder,
    async write(next, generatedAt = `2026-01-01T00:00:${String(version++).padStart(2, "0")}Z`) {
      await file.writeText(registryText(next, generatedAt));
    },
    writeText: (text) => writeFile(path, text),
  };
  await file.write(input);
  return file;
}

export function registryText(input: TestRegistryInput, generatedAt: string): string {
  const registry = JSON.parse(testRegistryText(input)) as object;
  return JSON.stringify({ ...registry, generated_at: generatedAt }, undefined, 2);
}
