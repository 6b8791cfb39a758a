import { SigningTransportError } from "../../errors.js";
import { inTime } from "../../lib/in-time.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";
import type { AuditSettings } from "./audit-option.js";
import { CallLog } from "./call-log.js";
import type { Conceal } from "./call-log.js";
import type { ClientSettings } from "./options.js";
import { openServers } from "./servers.js";
import type { TrustedServers } from "./servers.js";
import { openIdentity } from "../identity.js";
import type { Identity } from "../../keystore/identity.js";

/** How long the end of a connection waits for a log. */
const SETTLE_MS = 5000;

/** Who signs, whose countersignatures count, and where both are kept. */
export interface Opened {
  readonly identity: Identity;
  readonly servers: TrustedServers | undefined;
  readonly log: CallLog | undefined;
}

/** What the options of a signing transport name by their paths, while its connection lasts. */
export class ClientFiles {
  readonly #settings: ClientSettings;
  readonly #report: (error: unknown) => void;
  #opened: Opened | undefined;
  #opening: Promise<Opened> | undefined;
  #closing: Promise<void> = Promise.resolve();

  /** @param report - Hears of a registry file that is bad by now. */
  constructor(settings: ClientSettings, report: (error: unknown) => void) {
    this.#settings = settings;
    this.#report = report;
  }

  /** Whose countersignatures count, once opened. */
  get servers(): TrustedServers | undefined {
    return this.#opened?.servers;
  }

  /** Where receipts are kept, if anywhere, once opened. */
  get log(): CallLog | undefined {
    return this.#opened?.log;
  }

  /**
   * Opens what is not open: at once if the options name no file.
   *
   * @throws Rejects with `SignerError`, `TrustRegistryError` or `AuditLogError` for a file that does not hold, and with
   * `DependencyError` when what a log needs is not installed.
   */
  open(): MaybePromise<Opened> {
    if (this.#opened !== undefined) return this.#opened;
    const { identity, servers, audit } = this.#settings;
    const log = audit === undefined ? undefined : logAtHand(audit);
    if (
      typeof identity !== "string" &&
      (servers === undefined || "find" in servers) &&
      (audit === undefined || log !== undefined)
    ) {
      this.#opened = { identity, servers, log };
      return this.#opened;
    }
    if (this.#opening === undefined) {
      const opening = this.#load(() => this.#opening === opening);
      this.#opening = opening;
    }
    return this.#opening;
  }

  /** Settles when what was given to a log is on disk, or refused, after some seconds at the most. */
  settled(): Promise<void> {
    return inTime(this.#closing, SETTLE_MS, () => undefined);
  }

  /** Ends what was opened. A later `open` reads the files again. */
  close(): void {
    if (this.#opened !== undefined) this.#end(this.#opened);
    this.#opened = undefined;
    this.#opening = undefined;
  }

  async #load(isCurrent: () => boolean): Promise<Opened> {
    try {
      const identity = await openIdentity(this.#settings.identity);
      const source = this.#settings.servers;
      const servers =
        source !== undefined && "path" in source ? await openServers(source.path, this.#report) : source;
      const log = await this.#openLog(identity).catch((error: unknown) => {
        this.#end({ servers, log: undefined });
        throw error;
      });
      const opened = { identity, servers, log };
      if (!isCurrent()) {
        this.#end(opened);
        throw new SigningTransportError("transport_closed", "the transport was closed while it was starting");
      }
      this.#opened = opened;
      return opened;
    } finally {
      if (isCurrent()) this.#opening = undefined;
    }
  }

  /** A program without a log of its own loads nothing of what one takes. */
  async #openLog({ signer }: Identity): Promise<CallLog | undefined> {
    const { audit, clock } = this.#settings;
    if (audit === undefined) return undefined;
    const conceal = audit.encryptParams ? await createConceal(signer) : undefined;
    if ("sink" in audit.source) return new CallLog(audit.source.sink, conceal);
    const { AuditLog } = await import("../../audit/log.js");
    return new CallLog(await AuditLog.open(audit.source.directory, { clock }), conceal);
  }

  /** Ends what is this transport's own: what was passed in open is its owner's to close. */
  #end({ servers, log }: Pick<Opened, "servers" | "log">): void {
    const { servers: source, audit } = this.#settings;
    if (source !== undefined && "path" in source) servers?.close();
    const isOurs = audit !== undefined && "directory" in audit.source;
    if (log !== undefined) this.#closing = (isOurs ? log.close() : log.settled()).catch(this.#report);
  }
}

/** A log that takes no time to be had. */
function logAtHand({ source, encryptParams }: AuditSettings): CallLog | undefined {
  return "sink" in source && !encryptParams ? new CallLog(source.sink) : undefined;
}

async function createConceal(signer: Identity["signer"]): Promise<Conceal> {
  const { paramsEncrypter } = await import("../../audit/record/params-cipher.js");
  return paramsEncrypter(signer);
}
