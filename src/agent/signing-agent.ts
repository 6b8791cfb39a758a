import type { AuditLog } from "../audit/log.js";
import type { AuditEntry, QueryOptions } from "../audit/read/query.js";
import { canonicalHash, canonicalJson } from "../crypto/canonical-json.js";
import { formatPublicKey } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { AgentError, AuditLogError } from "../errors.js";
import { optionRecord, textOption } from "../lib/option.js";
import type { Identity } from "../keystore/identity.js";
import { openKeystore } from "../keystore/keystore.js";
import { checkReceiptOf } from "../receipt/check-of.js";
import { parseReceipt } from "../receipt/parse.js";
import { signReceipt } from "../receipt/sign.js";
import type { ReceiptV1 } from "../receipt/types.js";
import { AGENT_OPTIONS, readAgentOptions, readSignOptions } from "./options.js";
import type { AgentOptions, AgentSettings, CreateAgentOptions, SignOptions } from "./options.js";

/**
 * Signs tool calls that do not go over MCP, and puts the receipts on record: a key of the keystore, and a log.
 *
 * @example
 * ```ts
 * import { SigningAgent } from "signet-mcp";
 *
 * const agent = await SigningAgent.create("my-agent", { owner: "willamhou" });
 * const receipt = await agent.sign("github_create_issue", { title: "fix bug" }, { target: "mcp://github" });
 * await agent.close();
 * ```
 */
export class SigningAgent implements AsyncDisposable {
  /** Name, owner, principal and signer: what `identity` of a `SigningTransport` and of a guard takes. */
  readonly identity: Identity;
  readonly publicKey: PublicKeyText;
  readonly #settings: AgentSettings;
  readonly #underWay = new Set<Promise<void>>();
  #log: Promise<AuditLog> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(identity: Identity, settings: AgentSettings) {
    this.identity = Object.freeze({ ...identity });
    this.publicKey = formatPublicKey(identity.signer.publicKey);
    this.#settings = settings;
  }

  /**
   * Makes a new key and opens an agent with it. The key is encrypted, by `passphrase` or `SIGNET_PASSPHRASE`, unless `unencrypted` is said.
   *
   * @param name - Of the key: letters, digits, `_` and `-`.
   * @throws `KeystoreError` `identity_exists`, `passphrase_missing`, `keystore_not_writable`; `OptionError`.
   */
  static async create(name: string, options: CreateAgentOptions = {}): Promise<SigningAgent> {
    const record = optionRecord(options, "options", [...AGENT_OPTIONS, "owner", "principal", "unencrypted"]);
    const settings = readAgentOptions(record);
    const { owner, principal, passphrase, unencrypted } = options;
    const keystore = openKeystore({ dir: settings.keysDir, clock: settings.clock });
    await keystore.generate(name, {
      passphrase,
      unencrypted,
      ...(owner === undefined ? {} : { owner }),
      ...(principal === undefined ? {} : { principal }),
    });
    return new SigningAgent(await keystore.load(name, { passphrase }), settings);
  }

  /**
   * Opens an agent with a key that is there.
   *
   * @throws `KeystoreError` `identity_not_found`, `passphrase_missing`, `passphrase_wrong`, `key_file_…`; `OptionError`.
   */
  static async open(name: string, options: AgentOptions = {}): Promise<SigningAgent> {
    const settings = readAgentOptions(optionRecord(options, "options", AGENT_OPTIONS));
    const keystore = openKeystore({ dir: settings.keysDir });
    return new SigningAgent(await keystore.load(name, { passphrase: options.passphrase }), settings);
  }

  get name(): string {
    return this.identity.name;
  }

  get owner(): string | undefined {
    return this.identity.owner;
  }

  /**
   * Signs a call before it is made. The receipt is on disk when this resolves, unless the agent keeps no log.
   *
   * @param tool - The tool's name.
   * @param params - Its arguments, any JSON value, of which the receipt has a copy. Default `{}`.
   * @returns the receipt: what a guard takes as `params._meta._signet`.
   * @throws `OptionError` for what has no place in a receipt; `CanonicalJsonError` for params that are no JSON; `AuditLogError` when it
   * cannot be put on record, and then it is not handed out; `DependencyError`.
   */
  sign(tool: string, params: unknown, options: SignOptions): Promise<ReceiptV1> {
    const signing = this.#sign(tool, params, options);
    const settled = signing.then(
      () => {},
      () => {},
    );
    this.#underWay.add(settled);
    void settled.then(() => this.#underWay.delete(settled));
    return signing;
  }

  async #sign(tool: string, params: unknown, options: SignOptions): Promise<ReceiptV1> {
    if (this.#closing !== undefined)
      throw new AgentError("agent_closed", "the agent is closed: open another");
    const {
      hashOnly,
      encryptParams,
      audit,
      exp,
      transport = "stdio",
      principal,
      ...rest
    } = readSignOptions(options);
    textOption(tool, "tool", "the name of a tool");
    // A copy: what the caller, or a getter, changes meanwhile would be in the log under a signature that does not fit it.
    const own: unknown = params === undefined ? {} : JSON.parse(canonicalJson(params));
    const issuedAtMs = this.#settings.clock();
    const action = hashOnly ? { paramsHash: canonicalHash(own) } : { params: own };
    const receipt = await signReceipt({
      ...rest,
      ...this.identity,
      principal: principal ?? this.identity.principal,
      ...action,
      tool,
      transport,
      issuedAtMs,
      expMs: exp === undefined ? undefined : issuedAtMs + exp,
    });
    if (audit) await this.#append(receipt, encryptParams);
    return receipt;
  }

  /**
   * Tells whether this agent signed a receipt, nothing was changed in it since, and it has not expired. Of a countersigned one the
   * countersignature has to be this agent's.
   *
   * @param receipt - As it came, or as JSON text. Anything else is `false`.
   */
  verify(receipt: unknown): boolean {
    const parsed = parseReceipt(typeof receipt === "string" ? jsonOf(receipt) : receipt);
    if (!parsed.ok) return false;
    return checkReceiptOf(parsed.value, this.publicKey, this.#settings.clock()).ok;
  }

  /**
   * Finds this agent's records in its log, oldest first unless said otherwise.
   *
   * @throws `OptionError`; `AuditLogError` where the log cannot be read. Where there is none yet, nothing is found.
   */
  async *audit(options: Omit<QueryOptions, "signer"> = {}): AsyncGenerator<AuditEntry, void, undefined> {
    const log = await this.#reading();
    if (log === undefined) return;
    const { clock } = this.#settings;
    yield* log.query({ clock, ...options, signer: this.publicKey });
  }

  /** Waits for what is being written, and closes the log unless it was passed in. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #append(receipt: ReceiptV1, isEncrypted: boolean): Promise<void> {
    const { audit } = this.#settings;
    if (audit === undefined) return;
    const log = typeof audit === "string" ? await this.#writing(audit) : audit;
    if (!isEncrypted) {
      await log.append(receipt);
      return;
    }
    const { paramsEncrypter } = await import("../audit/record/params-cipher.js");
    await log.append(paramsEncrypter(this.identity.signer)(receipt));
  }

  #writing(dir: string): Promise<AuditLog> {
    const { clock } = this.#settings;
    // Loaded only where a log is written. One that did not open is tried again with the next call.
    this.#log ??= import("../audit/log.js")
      .then(({ AuditLog }) => AuditLog.open(dir, { clock }))
      .catch((error: unknown) => {
        this.#log = undefined;
        throw error;
      });
    return this.#log;
  }

  async #reading(): Promise<AuditLog | undefined> {
    const { audit, clock } = this.#settings;
    if (audit === undefined || typeof audit !== "string") return audit;
    const { AuditLog } = await import("../audit/log.js");
    try {
      return await AuditLog.open(audit, { readOnly: true, clock });
    } catch (error) {
      if (error instanceof AuditLogError && error.code === "audit_not_found") return undefined;
      throw error;
    }
  }

  async #close(): Promise<void> {
    await Promise.all(this.#underWay);
    // That it did not open was told to whoever signed.
    const log = await this.#log?.catch(() => undefined);
    await log?.close();
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
