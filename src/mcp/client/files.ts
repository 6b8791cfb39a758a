import { SigningTransportError } from "../../errors.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";
import type { ClientSettings } from "./options.js";
import { openServers } from "./servers.js";
import type { TrustedServers } from "./servers.js";
import { openIdentity } from "../identity.js";
import type { Identity } from "../identity.js";

/** Who signs, and whose countersignatures count. */
export interface Opened {
  readonly identity: Identity;
  readonly servers: TrustedServers | undefined;
}

/** The key file and the registry that the options of a signing transport name, while its connection lasts. */
export class ClientFiles {
  readonly #settings: ClientSettings;
  readonly #report: (error: unknown) => void;
  #opened: Opened | undefined;
  #opening: Promise<Opened> | undefined;

  /** @param report - Hears of a registry file that is bad by now. */
  constructor(settings: ClientSettings, report: (error: unknown) => void) {
    this.#settings = settings;
    this.#report = report;
  }

  /** Whose countersignatures count, once opened. */
  get servers(): TrustedServers | undefined {
    return this.#opened?.servers;
  }

  /**
   * Opens what is not open: at once if the options name no file.
   *
   * @throws Rejects with `SignerError` or `TrustRegistryError` for a file that does not hold.
   */
  open(): MaybePromise<Opened> {
    if (this.#opened !== undefined) return this.#opened;
    const { identity, servers } = this.#settings;
    if (typeof identity !== "string" && (servers === undefined || "find" in servers)) {
      this.#opened = { identity, servers };
      return this.#opened;
    }
    if (this.#opening === undefined) {
      const opening = this.#load(() => this.#opening === opening);
      this.#opening = opening;
    }
    return this.#opening;
  }

  /** Ends what was opened. A later `open` reads the files again. */
  close(): void {
    const { servers } = this.#settings;
    if (servers !== undefined && "path" in servers) this.#opened?.servers?.close();
    this.#opened = undefined;
    this.#opening = undefined;
  }

  async #load(isCurrent: () => boolean): Promise<Opened> {
    try {
      const identity = await openIdentity(this.#settings.identity);
      const source = this.#settings.servers;
      const servers =
        source !== undefined && "path" in source ? await openServers(source.path, this.#report) : source;
      if (!isCurrent()) {
        servers?.close();
        throw new SigningTransportError("transport_closed", "the transport was closed while it was starting");
      }
      this.#opened = { identity, servers };
      return this.#opened;
    } finally {
      if (isCurrent()) this.#opening = undefined;
    }
  }
}
