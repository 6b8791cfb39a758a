import {
  booleanOption,
  clockOption,
  integerOption,
  invalidOption,
  optionRecord,
  refuseUnsupported,
  signedTextOption,
} from "../../lib/option.js";
import type { OptionRecord } from "../../lib/option.js";
import { MAX_NAME_LENGTH } from "../../receipt/limits.js";
import { RECEIPT_META, RECEIPT_META_ALIAS } from "../../receipt/meta.js";
import type { AnsweredRequest } from "./events.js";
import { parseAuditOptions } from "./audit-option.js";
import type { AuditOption, AuditSettings } from "./audit-option.js";
import { parseServersOption } from "./servers.js";
import type { ServersOption, ServersSource } from "./servers.js";
import { parseIdentityOption } from "../identity.js";
import type { IdentityOption } from "../identity.js";
import { createMethodSet } from "../method-set.js";
import type { MethodSet } from "../method-set.js";
import { createSentReceipts } from "./sent-receipts.js";
import type { SentReceipts } from "./sent-receipts.js";

/** What a `SigningTransport` takes. */
export interface SigningTransportOptions {
  /**
   * Who signs: `{ signer, name, owner?, principal? }`, the path of a plain key file, or the name of one in
   * `SIGNET_HOME/keys` (default `~/.signet/keys`). A file is opened by `start()`.
   */
  readonly identity: IdentityOption;
  /** The server's name, as its guard has it. It is compared exactly. */
  readonly target: string;
  /**
   * Whose countersignatures count: the path of a registry file with `servers`, a `TrustRegistry`, or one server's
   * pinned key, `"ed25519:…"` or `{ pubkey, name? }`. With it every answer to a signed request is checked. Default is
   * none: then nothing is refused, and nothing is proved.
   */
  readonly servers?: ServersOption | undefined;
  /** Requests that are signed: names, or a prefix and `*`. As on the guard. Default `["tools/call"]`, and `tasks/*` with it. */
  readonly methods?: readonly string[] | undefined;
  /** Takes the countersignature out of an answer once it was checked, with the `_meta` or `data` that holds nothing else. Default `false`. */
  readonly stripCountersignature?: boolean | undefined;
  /** The receipt tells only the hash of the arguments. The server sees them all the same. Default `false`. */
  readonly hashOnly?: boolean | undefined;
  /** Milliseconds after signing at which a receipt expires, 1 to 86,400,000. Default: the guard's `maxAgeMs` decides alone. */
  readonly exp?: number | undefined;
  /**
   * Keeps the receipt of every signed request and the countersignature of its answer: an `AuditLog`, which stays its owner's
   * to close, or the path of a log's directory, which `start()` opens and the end of the connection closes. A request is sent
   * once its receipt is on disk, and an answer handed on once its countersignature is; where that fails the caller gets
   * `audit_unavailable` instead. Of an answer that is refused the log has a record that says why, and never the answer. Without
   * `servers` a countersignature is kept if it holds under the key that it names, whosever that is. Default is none.
   */
  readonly audit?: AuditOption | undefined;
  /**
   * The log of `audit` holds the arguments encrypted, for whoever has the key of `identity`, which has to be in memory. What is sent
   * does not change. Their hash stays readable, and arguments that can be guessed can be found by it. The released
   * `signet audit --verify`, which decrypts receipts but none within countersignatures, counts the latter as failed; the chain
   * it verifies as any other. Default `false`.
   */
  readonly encryptParams?: boolean | undefined;
  /** How far a countersignature may be dated ahead of this clock, in milliseconds, 0 to 86,400,000. Default `30_000`. */
  readonly clockSkewMs?: number | undefined;
  /** Called for every answer to a signed request. What it throws goes to the transport's `onerror`. */
  readonly onReceipt?: ((answered: AnsweredRequest) => unknown) | undefined;
  /** Milliseconds since the Unix epoch. Default is the system's clock. */
  readonly clock?: (() => number) | undefined;
  /** The receipts' `action.transport`, a free word. Default: `stdio` or `http` where that can be told, else `other`. */
  readonly transport?: string | undefined;
  /** Name of the receipt in `_meta`. Default `_signet`, which all implementations read; the other follows MCP's rule for names. */
  readonly metaKey?: typeof RECEIPT_META | typeof RECEIPT_META_ALIAS | undefined;
  /** Receipts that wait for an answer, shared by transports that resume each other's requests. Default is one of its own. */
  readonly sentReceipts?: SentReceipts | undefined;
}

/** The options, checked and with their defaults. */
export interface ClientSettings {
  readonly identity: IdentityOption;
  readonly target: string;
  readonly servers: ServersSource | undefined;
  readonly methods: MethodSet;
  readonly strip: boolean;
  readonly hashOnly: boolean;
  readonly lifetimeMs: number | undefined;
  readonly audit: AuditSettings | undefined;
  readonly clockSkewMs: number;
  readonly onReceipt: ((answered: AnsweredRequest) => unknown) | undefined;
  readonly clock: () => number;
  readonly transport: string | undefined;
  readonly metaKey: string;
  readonly sentReceipts: SentReceipts;
}

const OPTIONS = "options";
const UNSUPPORTED: readonly string[] = ["chain", "decision"];
const NAMES: readonly string[] = [
  "identity",
  "target",
  "servers",
  "methods",
  "stripCountersignature",
  "hashOnly",
  "exp",
  "audit",
  "encryptParams",
  "clockSkewMs",
  "onReceipt",
  "clock",
  "transport",
  "metaKey",
  "sentReceipts",
  ...UNSUPPORTED,
];
const DAY_MS = 86_400_000;

/**
 * Reads the options of a `SigningTransport`, without opening a file.
 *
 * @throws `OptionError` that names the option, what it got and what it wants.
 */
export function parseClientOptions(value: unknown): ClientSettings {
  const options = optionRecord(value, OPTIONS, NAMES);
  refuseUnsupported(options, OPTIONS, UNSUPPORTED);
  const identity = parseIdentityOption(options["identity"]);
  return {
    identity,
    target: signedTextOption(
      options["target"],
      "options.target",
      'the server\'s name, such as "mcp://github"',
      MAX_NAME_LENGTH,
    ),
    servers: options["servers"] === undefined ? undefined : parseServersOption(options["servers"]),
    methods: createMethodSet(options["methods"]),
    strip: booleanOption(options, OPTIONS, "stripCountersignature", false),
    hashOnly: booleanOption(options, OPTIONS, "hashOnly", false),
    lifetimeMs:
      options["exp"] === undefined
        ? undefined
        : integerOption(options, OPTIONS, "exp", { min: 1, max: DAY_MS, fallback: DAY_MS }),
    audit: parseAuditOptions(options, identity),
    clockSkewMs: integerOption(options, OPTIONS, "clockSkewMs", { min: 0, max: DAY_MS, fallback: 30_000 }),
    onReceipt: listenerOption(options["onReceipt"]),
    clock: clockOption(options, OPTIONS),
    transport:
      options["transport"] === undefined
        ? undefined
        : signedTextOption(
            options["transport"],
            "options.transport",
            'a word such as "stdio"',
            MAX_NAME_LENGTH,
          ),
    metaKey: metaKeyOption(options),
    sentReceipts: sentReceiptsOption(options["sentReceipts"]),
  };
}

function listenerOption(value: unknown): ((answered: AnsweredRequest) => unknown) | undefined {
  if (value === undefined) return undefined;
  if (!isListener(value)) throw invalidOption("options.onReceipt", "a function", value);
  return value;
}

function isListener(value: unknown): value is (answered: AnsweredRequest) => unknown {
  return typeof value === "function";
}

function metaKeyOption(options: OptionRecord): string {
  const value = options["metaKey"] === undefined ? RECEIPT_META : options["metaKey"];
  if (value === RECEIPT_META || value === RECEIPT_META_ALIAS) return value;
  throw invalidOption("options.metaKey", `"${RECEIPT_META}" or "${RECEIPT_META_ALIAS}"`, value);
}

function sentReceiptsOption(value: unknown): SentReceipts {
  if (value === undefined) return createSentReceipts();
  if (!isSentReceipts(value))
    throw invalidOption("options.sentReceipts", "what createSentReceipts gives", value);
  return value;
}

function isSentReceipts(value: unknown): value is SentReceipts {
  return (
    typeof value === "object" &&
    value !== null &&
    ["add", "has", "delete"].every((name) => typeof Reflect.get(value, name) === "function")
  );
}
