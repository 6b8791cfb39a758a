import { readFile } from "node:fs/promises";
import { formatPublicKey, parsePublicKeyText } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { createSigner, generateSeed } from "../crypto/signer.js";
import { KeystoreError } from "../errors.js";
import { clockOption, optionRecord, pathOption, textOption } from "../lib/option.js";
import { formatTime } from "../lib/time.js";
import { isOpenSsh, openSshFromPublicKey, openSshFromSeed, seedFromOpenSsh } from "./formats/openssh.js";
import { isPem, pemFromPublicKey, pemFromSeed, seedFromPem } from "./formats/pem.js";
import type { Identity } from "./identity.js";
import { KeyDirectory } from "./key-directory.js";
import { keyFileText, readKeyFile, unlockSeed } from "./key-file.js";
import { defaultKeysDirectory, loadIdentity } from "./load.js";
import { checkOwner, checkPrincipal, requireKeyName } from "./names.js";
import { requirePassphrase } from "./passphrase.js";
import { chooseProtection, protect } from "./protection.js";
import type { Protection } from "./protection.js";
import type {
  ExportOptions,
  ImportOptions,
  KeystoreOptions,
  NewKeyOptions,
  PublicKeyFormat,
  UnlockOptions,
} from "./options.js";
import { publicFileText, readPublicFile } from "./public-file.js";
import { describeKey } from "./summary.js";
import type { KeySummary } from "./summary.js";

const NEW_KEY = ["owner", "principal", "passphrase", "unencrypted"];

/** Private keys in files that the released `signet` reads and writes too. Made by {@link openKeystore}. */
export class Keystore {
  readonly #files: KeyDirectory;
  readonly #clock: () => number;

  /** @internal */
  constructor(dir: string, clock: () => number) {
    this.#files = new KeyDirectory(dir);
    this.#clock = clock;
  }

  /** The directory of the key files. */
  get dir(): string {
    return this.#files.path;
  }

  /**
   * Makes a new key, and keeps it encrypted unless told otherwise. Never overwrites one.
   *
   * @param name - Letters, digits, `_` and `-`, 128 at most.
   * @throws `KeystoreError` `identity_exists`, `passphrase_missing`, `keystore_not_writable`; `OptionError`.
   */
  async generate(name: string, options: NewKeyOptions = {}): Promise<KeySummary> {
    requireKeyName(name);
    const record = optionRecord(options, "options", NEW_KEY);
    const seed = generateSeed();
    try {
      return await this.#create(name, seed, record);
    } finally {
      seed.fill(0);
    }
  }

  /**
   * Takes in a private key that was made elsewhere: a PKCS#8 PEM, encrypted or not, or an OpenSSH key of type ed25519 without a passphrase.
   *
   * @param text - The content of the file.
   * @throws `KeystoreError` `import_invalid`, `passphrase_missing` and `passphrase_wrong` for the source, and as {@link generate} does.
   */
  async importKey(name: string, text: string, options: ImportOptions = {}): Promise<KeySummary> {
    requireKeyName(name);
    const record = optionRecord(options, "options", [...NEW_KEY, "sourcePassphrase"]);
    // Before anything is opened: what is wrong with the options shows at once.
    chooseProtection(record);
    const source = record["sourcePassphrase"];
    const opens = source === undefined ? undefined : requirePassphrase(source, "options.sourcePassphrase");
    const seed = await readForeignKey(text, opens);
    try {
      return await this.#create(name, seed, record);
    } finally {
      seed.fill(0);
    }
  }

  /** @throws `KeystoreError` `identity_exists` when there is a key of that name; `OptionError` when no key can have it. */
  async requireFree(name: string): Promise<void> {
    await this.#files.requireFree(requireKeyName(name));
  }

  /** All keys, by name. A file that cannot be read is listed with what is wrong with it. */
  async list(): Promise<readonly KeySummary[]> {
    const keys: KeySummary[] = [];
    for (const { name, hasKey } of await this.#files.names()) {
      if (hasKey) keys.push(await describeKey(this.#files, name));
    }
    return keys;
  }

  /**
   * Opens a key to sign with: what `identity` of a guard and of a client takes.
   *
   * @throws `KeystoreError` `identity_not_found`, `passphrase_missing`, `passphrase_wrong`, `key_file_…`.
   */
  async load(name: string, options: UnlockOptions = {}): Promise<Identity> {
    requireKeyName(name);
    await this.#requireKey(name);
    return await loadIdentity(this.#files.keyPath(name), name, readUnlock(options));
  }

  /**
   * Writes a public key. Needs no passphrase, unless `NAME.pub` is lost: then it is made again.
   *
   * @throws as {@link load} does.
   */
  async exportPublic(
    name: string,
    options: UnlockOptions & { readonly format?: PublicKeyFormat } = {},
  ): Promise<string> {
    requireKeyName(name);
    const { format = "text", ...unlock } = options;
    const publicKey = await this.#publicKey(name, unlock);
    const bytes = parsePublicKeyText(publicKey) ?? new Uint8Array();
    if (format === "json") return await readFile(this.#files.publicPath(name), "utf8");
    if (format === "pem") return pemFromPublicKey(bytes);
    return format === "openssh" ? `${await openSshFromPublicKey(bytes, name)}\n` : publicKey;
  }

  /**
   * Gives a private key away.
   *
   * @throws as {@link load} does; `OptionError`.
   */
  async exportPrivate(name: string, options: ExportOptions): Promise<string> {
    requireKeyName(name);
    const record = optionRecord(options, "options", ["passphrase", "format", "exportPassphrase"]);
    const { exportPassphrase, format } = options;
    textOption(format, "options.format", '"pkcs8" or "openssh"');
    if (record["exportPassphrase"] !== undefined)
      requirePassphrase(exportPassphrase, "options.exportPassphrase");
    const seed = await this.#unlock(name, options);
    try {
      return format === "openssh" ? await openSshFromSeed(seed, name) : pemFromSeed(seed, exportPassphrase);
    } finally {
      seed.fill(0);
    }
  }

  /**
   * Encrypts a key with another passphrase, or not at all. Whoever opens its file finds the old one or the new one.
   *
   * @param options - `passphrase` opens it now; `next` is how it is kept from then on.
   * @throws as {@link load} does, and `keystore_not_writable`: then the old one holds.
   */
  async changePassphrase(
    name: string,
    options: UnlockOptions & { readonly next: Protection },
  ): Promise<void> {
    requireKeyName(name);
    const record = optionRecord(options, "options", ["passphrase", "next"]);
    const next = optionRecord(record["next"], "options.next", ["passphrase", "unencrypted"]);
    const passphrase = chooseProtection(next);
    const seed = await this.#unlock(name, options);
    try {
      await this.#files.replaceKey(name, keyFileText(await protect(name, seed, passphrase)));
    } finally {
      seed.fill(0);
    }
  }

  async #create(
    name: string,
    seed: Uint8Array,
    options: Readonly<Record<string, unknown>>,
  ): Promise<KeySummary> {
    const owner = checkOwner(options["owner"], "options.owner");
    const principal = checkPrincipal(options["principal"], "options.principal");
    const passphrase = chooseProtection(options);
    const { publicKey } = createSigner(seed);
    const createdAt = formatTime(this.#clock());
    const publicText = publicFileText({ name, publicKey, owner, principal, createdAt });
    const keyText = keyFileText(await protect(name, seed, passphrase));
    await this.#files.create(name, keyText, publicText);
    return await describeKey(this.#files, name);
  }

  async #publicKey(name: string, unlock: UnlockOptions): Promise<PublicKeyText> {
    await this.#requireKey(name);
    const published = await readPublicFile(this.#files.publicPath(name));
    if (published !== undefined) {
      const { publicKey, problem } = await describeKey(this.#files, name);
      if (publicKey === published.publicKey) return publicKey;
      throw new KeystoreError("key_file_invalid", problem ?? `the two files of the key ${name} do not fit`);
    }
    const { signer } = await this.load(name, unlock);
    const { publicKey } = signer;
    const createdAt = formatTime(this.#clock());
    const text = publicFileText({ name, publicKey, owner: undefined, principal: undefined, createdAt });
    await this.#files.createPublic(name, text);
    return formatPublicKey(publicKey);
  }

  async #unlock(name: string, options: UnlockOptions): Promise<Uint8Array> {
    await this.#requireKey(name);
    const path = this.#files.keyPath(name);
    return await unlockSeed(path, await readKeyFile(path), options.passphrase);
  }

  /** Says what there is where a name is not found. */
  async #requireKey(name: string): Promise<void> {
    const names = (await this.#files.names()).filter(({ hasKey }) => hasKey).map((key) => key.name);
    if (names.includes(name)) return;
    const there = names.length === 0 ? "there is none yet" : `there are ${names.slice(0, 20).join(", ")}`;
    throw new KeystoreError("identity_not_found", `there is no key ${name} in ${this.dir}: ${there}`);
  }
}

/**
 * Opens a keystore: a directory of key files. Nothing is read or made before it is asked for.
 *
 * @throws `OptionError` for an option that is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * const keystore = openKeystore();
 * await keystore.generate("my-agent", { owner: "acme", passphrase });
 * const identity = await keystore.load("my-agent", { passphrase });
 * ```
 */
export function openKeystore(options: KeystoreOptions = {}): Keystore {
  const record = optionRecord(options, "options", ["dir", "clock"]);
  const dir = record["dir"];
  const path =
    dir === undefined ? defaultKeysDirectory() : pathOption(dir, "options.dir", "the path of a directory");
  return new Keystore(path, clockOption(record, "options"));
}

async function readForeignKey(text: string, passphrase: string | undefined): Promise<Uint8Array> {
  if (typeof text !== "string" || !(isPem(text) || isOpenSsh(text))) {
    throw new KeystoreError(
      "import_invalid",
      "it is no private key in a form that can be read: a PKCS#8 PEM (BEGIN PRIVATE KEY), or an OpenSSH key (BEGIN OPENSSH PRIVATE KEY)",
    );
  }
  return isPem(text) ? seedFromPem(text, passphrase) : await seedFromOpenSsh(text);
}

function readUnlock(options: UnlockOptions): string | undefined {
  const { passphrase } = optionRecord(options, "options", ["passphrase"]);
  return passphrase === undefined ? undefined : requirePassphrase(passphrase);
}
