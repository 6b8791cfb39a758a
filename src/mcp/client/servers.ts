import { importVerifyKey } from "../../crypto/ed25519.js";
import type { VerifyKey } from "../../crypto/ed25519.js";
import { checkPublicKey } from "../../crypto/key-check.js";
import { parsePublicKeyText } from "../../crypto/key-text.js";
import { invalidOption, missingOption, optionRecord, pathOption } from "../../lib/option.js";
import { quoted } from "../../lib/text.js";
import type { ServerClaim } from "../../receipt/types.js";
import { openTrustRegistry } from "../../trust/open.js";
import { TrustRegistry } from "../../trust/registry.js";
import { WatchedTrustRegistry } from "../../trust/watched-registry.js";
import { rejectAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";

/** One server's key, known beforehand. */
export interface PinnedServer {
  /** `ed25519:` and the base64 of the key. */
  readonly pubkey: string;
  /** The name that it has to countersign under. Default: any. */
  readonly name?: string | undefined;
}

/** Path of a registry, a registry, a watched one (which stays its owner's to close), or one server's key. */
export type ServersOption = string | TrustRegistry | WatchedTrustRegistry | PinnedServer;

/** Whose countersignatures count. */
export interface TrustedServers {
  /** Finds the key of a server that may answer for a target, as of `nowMs`. */
  find(server: ServerClaim, target: string, nowMs: number): FoundServer | ClientRejection;
  /** Ends what was opened for this transport. */
  close(): void;
}

interface FoundServer {
  readonly ok: true;
  readonly key: VerifyKey;
}

/** The option `servers`, checked: what is there already, or a file to be opened. */
export type ServersSource = TrustedServers | { readonly path: string };

const WANTED = 'the path of a registry, a TrustRegistry, or a server\'s key such as "ed25519:…"';

/**
 * Reads the option `servers`, without opening a file.
 *
 * @throws `OptionError` `invalid_option` for anything else, and for a key that is not sound.
 */
export function parseServersOption(value: unknown): ServersSource {
  if (typeof value === "string") {
    if (value.startsWith("ed25519:")) return pinnedServer(value, undefined, "options.servers");
    if (/^[A-Za-z0-9+/]{43}=$/.test(value)) {
      throw invalidOption(
        "options.servers",
        `${WANTED} with its "ed25519:"`,
        "a text that looks like a key without it",
      );
    }
    return { path: pathOption(value, "options.servers", WANTED) };
  }
  if (value instanceof TrustRegistry) {
    requireServers(value);
    return registryServers(() => value);
  }
  if (value instanceof WatchedTrustRegistry) {
    requireServers(value.current);
    return registryServers(() => value.current);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof URL) {
    throw invalidOption("options.servers", WANTED, value);
  }
  const { pubkey, name } = optionRecord(value, "options.servers", ["pubkey", "name"]);
  if (pubkey === undefined)
    throw missingOption("options.servers.pubkey", 'a server\'s key such as "ed25519:…"');
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw invalidOption("options.servers.name", "the server's name", name);
  }
  return pinnedServer(pubkey, name, "options.servers.pubkey");
}

/**
 * Opens the registry of a `servers` option that is a path. It is watched until `close`.
 *
 * @param report - Hears of every later version of the file that is refused; the one before stays in use.
 * @throws `TrustRegistryError` when the file does not hold, or lists no servers.
 */
export async function openServers(path: string, report: (error: unknown) => void): Promise<TrustedServers> {
  const watched = await openTrustRegistry(path, { requireAgents: false, requireServers: true });
  watched.onChange((change) => {
    if (change.type === "refused") report(change.error);
  });
  return {
    ...registryServers(() => watched.current),
    close() {
      watched.close().catch(report);
    },
  };
}

/** A file without servers is refused as well: nobody's answer would ever count. */
function requireServers(registry: TrustRegistry): void {
  if (registry.count("servers") > 0) return;
  throw invalidOption("options.servers", "a registry that lists servers", "one that lists none");
}

function registryServers(current: () => TrustRegistry): TrustedServers {
  return {
    find(server, target, nowMs) {
      const registry = current();
      const found = registry.lookUp("servers", server.pubkey, nowMs);
      if (!found.ok) {
        return rejectAnswer(
          found.code === "untrusted_signer" ? "untrusted_server" : found.code,
          found.detail,
        );
      }
      const { entry } = found;
      if (entry.name !== server.name) {
        return rejectAnswer(
          "server_mismatch",
          `signed as ${quoted(server.name)}, listed as ${quoted(entry.name)}`,
        );
      }
      if (!registry.answersFor(entry, target)) {
        return rejectAnswer(
          "server_out_of_scope",
          `${quoted(entry.id)} may not answer for ${quoted(target)}`,
        );
      }
      return { ok: true, key: found.key };
    },
    close: nothing,
  };
}

function pinnedServer(pubkey: unknown, name: string | undefined, option: string): TrustedServers {
  const bytes = parsePublicKeyText(pubkey);
  if (bytes === undefined) throw invalidOption(option, '"ed25519:" and the base64 of 32 bytes', pubkey);
  const fault = checkPublicKey(bytes);
  if (fault !== undefined) throw invalidOption(option, `a sound Ed25519 key (this one: ${fault})`, pubkey);
  const key = importVerifyKey(bytes);
  return {
    find(server) {
      if (server.pubkey !== pubkey)
        return rejectAnswer("untrusted_server", "another key than the pinned one signed");
      if (name !== undefined && server.name !== name) {
        return rejectAnswer("server_mismatch", `signed as ${quoted(server.name)}, expected ${quoted(name)}`);
      }
      return { ok: true, key };
    },
    close: nothing,
  };
}

function nothing(): void {
  return undefined;
}
