import type { AuditLog } from "../../audit/log.js";
import { TrustRegistryError } from "../../errors.js";
import { createIntentTags } from "./audit/intent-tag.js";
import { recoverCalls } from "./audit/recover.js";
import type { Countersign } from "./audit/trail.js";
import { GuardCore } from "./core.js";
import { EventLog } from "./events.js";
import { checkGuardOptions } from "./options.js";
import type { CheckedOptions, GuardOptions } from "./options.js";
import { Guard } from "./guard.js";
import { identityFault } from "./identity-fault.js";
import { openIdentity } from "../identity.js";
import { fixedRegistry, openRegistryFile } from "./registry-source.js";
import type { RegistrySource } from "./registry-source.js";
import { ReplayChoice, requireCounting } from "./replay-choice.js";

/**
 * Makes a guard. Reads and checks everything before it resolves: the options, the server's key, the registry.
 *
 * @param options - `registry`, `identity` and `target` are required; see {@link GuardOptions} for the rest.
 * @returns The guard. `guard.protect(server)` is the second line that a server needs.
 * @throws `OptionError` for an option that is missing, unknown, of the wrong type, or not supported yet;
 * `TrustRegistryError`, with file and line, for a registry that cannot be read, does not hold, or lists no agents;
 * `SignerError` for a key file that is missing, damaged, encrypted, or readable by others; `ReplayStoreError` for a store in a file that
 * cannot be opened; `AuditLogError` for a log that cannot be opened, `DependencyError` when the package that it needs is not installed.
 *
 * @example
 * ```ts
 * import { createGuard } from "signet-mcp/server";
 *
 * const guard = await createGuard({ registry: "registry.yaml", identity: "keys/github-mcp.key", target: "mcp://github" });
 * guard.protect(server);
 * ```
 */
export async function createGuard(options: GuardOptions): Promise<Guard> {
  const checked = checkGuardOptions(options);
  const events = new EventLog(checked.onEvent);
  const identity = await openIdentity(checked.identity);
  const registry = await openRegistry(checked, events);
  const replay = await orRelease(openReplay(checked, registry), () => registry.close());
  const releaseParts = async (): Promise<void> => {
    await registry.close();
    await replay.close();
  };
  const audit = await orRelease(openAudit(checked, events), releaseParts);
  const release = async (): Promise<void> => {
    await audit?.close();
    await releaseParts();
  };
  const core = new GuardCore(checked, identity, events, { registry, replay, audit: audit?.log });
  if (audit !== undefined) {
    const countersign: Countersign = (agent, hash, outcome) => core.countersign(agent, hash, outcome);
    const targets = new Set(checked.targets);
    const { requireTools } = checked;
    const tags = createIntentTags(identity.signer);
    const recovery = {
      log: audit.log,
      targets,
      registry: registry.current(),
      requireTools,
      events,
      countersign,
      tags,
    };
    await orRelease(recoverCalls(recovery), release);
  }
  const noteIdentity = (): string | undefined =>
    identityFault(registry.current(), identity, checked.targets, checked.clock());
  const unlisted = noteIdentity();
  if (unlisted !== undefined) events.report({ type: "identity_not_listed", detail: unlisted });
  return new Guard(core, {
    registry,
    problems: () => [...registry.problems(), noteIdentity()].filter((problem) => problem !== undefined),
    auditHealth: () => audit?.log.health(),
    release: async () => {
      await core.trail?.close();
      await release();
    },
  });
}

interface OpenedAudit {
  readonly log: AuditLog;
  readonly close: () => Promise<void>;
}

/** A log that was passed in stays its owner's to close. */
async function openAudit(
  { audit, clock }: CheckedOptions,
  events: EventLog,
): Promise<OpenedAudit | undefined> {
  if (audit === undefined) return undefined;
  if (typeof audit !== "string") return { log: audit, close: () => Promise.resolve() };
  const { AuditLog } = await import("../../audit/log.js");
  const log = await AuditLog.open(audit, {
    clock,
    onEvent: (event) => {
      if (event.type === "repaired") events.report({ type: "audit_repaired", repair: event.repair });
      else if (event.type === "resumed") events.report({ type: "audit_resumed" });
      else events.report({ type: "audit_stopped", error: event.error, lasting: event.lasting });
    },
  });
  return { log, close: () => log.close() };
}

/** What was opened is let go of when the next step fails. */
async function orRelease<T>(step: Promise<T>, release: () => Promise<void>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    await release();
    throw error;
  }
}

async function openRegistry(options: CheckedOptions, events: EventLog): Promise<RegistrySource> {
  const { registry } = options;
  if (typeof registry === "string") return openRegistryFile(registry, options, events);
  if (registry.count("agents") === 0) {
    throw new TrustRegistryError(
      "registry_empty",
      "the registry lists no agents, so every call would be refused",
    );
  }
  return fixedRegistry(registry);
}

async function openReplay(
  { replay, clock }: CheckedOptions,
  registry: RegistrySource,
): Promise<ReplayChoice> {
  const choice = await ReplayChoice.open(replay, clock);
  if (choice.chosen !== undefined) requireCounting(choice, registry.hasLimits());
  return choice;
}
