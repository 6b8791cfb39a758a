import { lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { KeystoreError } from "../errors.js";
import { createFiles, replaceFile } from "../lib/atomic-file.js";
import type { NewFile } from "../lib/atomic-file.js";
import { isMissing } from "./private-file.js";
import { isKeyName } from "./names.js";

const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;

/** The files of a keystore. */
export class KeyDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  keyPath(name: string): string {
    return join(this.path, `${name}.key`);
  }

  publicPath(name: string): string {
    return join(this.path, `${name}.pub`);
  }

  /** Names of the keys that are there, of which there may be but one of both files, in the order of their characters. */
  async names(): Promise<readonly { readonly name: string; readonly hasKey: boolean }[]> {
    const files = await this.#list();
    const names = new Set(
      files.filter((file) => /\.(?:key|pub)$/.test(file)).map((file) => file.slice(0, -4)),
    );
    return [...names]
      .filter(isKeyName)
      .sort()
      .map((name) => ({ name, hasKey: files.includes(`${name}.key`) }));
  }

  /**
   * Writes a key that is not there yet.
   *
   * @throws `KeystoreError` `identity_exists`: then nothing is changed; `keystore_not_writable`.
   */
  async create(name: string, keyText: string, publicText: string): Promise<void> {
    await this.#write(() => mkdir(this.path, { recursive: true, mode: 0o700 }));
    await this.requireFree(name);
    await this.#create(name, [
      { path: this.keyPath(name), content: { text: keyText, mode: PRIVATE_MODE } },
      { path: this.publicPath(name), content: { text: publicText, mode: PUBLIC_MODE } },
    ]);
  }

  /** @throws `KeystoreError` `identity_exists` when there is a file of that name. */
  async requireFree(name: string): Promise<void> {
    const files = await this.#list();
    for (const file of [`${name}.key`, `${name}.pub`])
      if (files.includes(file)) throw this.#exists(name, file);
  }

  /** Writes the public file of a key that has none. */
  async createPublic(name: string, publicText: string): Promise<void> {
    await this.#create(name, [
      { path: this.publicPath(name), content: { text: publicText, mode: PUBLIC_MODE } },
    ]);
  }

  /** Puts another key file in the place of one. */
  async replaceKey(name: string, keyText: string): Promise<void> {
    // One that was moved away meanwhile, or leads elsewhere, is not brought back in another place.
    const status = await lstat(this.keyPath(name)).catch(() => undefined);
    if (status?.isFile() !== true) {
      throw new KeystoreError(
        "key_file_unreadable",
        `${this.keyPath(name)} is gone, or is no regular file; change the passphrase where the key is`,
      );
    }
    await this.#write(() => replaceFile(this.keyPath(name), { text: keyText, mode: PRIVATE_MODE }));
  }

  async #create(name: string, files: readonly NewFile[]): Promise<void> {
    try {
      await createFiles(files);
    } catch (cause) {
      if (codeOf(cause) !== "EEXIST") throw this.#fault(cause);
      throw this.#exists(name, `${name}.${files.length === 1 ? "pub" : "key"}`);
    }
  }

  async #write(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw this.#fault(cause);
    }
  }

  async #list(): Promise<readonly string[]> {
    try {
      return await readdir(this.path);
    } catch (cause) {
      if (isMissing(cause)) return [];
      throw new KeystoreError(
        "key_file_unreadable",
        `cannot read the directory of keys ${this.path} (${codeOf(cause)}); let this process read it`,
        { cause },
      );
    }
  }

  #exists(name: string, file: string): KeystoreError {
    return new KeystoreError(
      "identity_exists",
      `there is a file ${join(this.path, file)}, and no key is ever overwritten: choose another name than ${name}, or move the file away`,
    );
  }

  #fault(cause: unknown): KeystoreError {
    const code = codeOf(cause);
    const what =
      code === "ENOSPC" || code === "EDQUOT" ? "make room on its disk" : "let this process write to it";
    return new KeystoreError(
      "keystore_not_writable",
      `cannot write to the directory of keys ${this.path} (${code}); ${what}`,
      { cause },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
