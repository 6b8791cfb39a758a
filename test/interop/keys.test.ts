import { env } from "node:process";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { SigningAgent } from "../../src/index.js";
import { openKeystore } from "../../src/keystore/index.js";
import { CLI, runProgram, WITH_CLI } from "../audit/support/evidence.js";
import { temporaryPath } from "../keystore/support.js";
import { startPeer } from "./peer.js";
import type { Peer } from "./peer.js";

const PYTHON = env["SIGNET_PYTHON"];
const KINDS = [
  { kind: "plain", ours: { unencrypted: true }, passphrase: undefined },
  { kind: "encrypted", ours: { passphrase: "päss wörd" }, passphrase: "päss wörd" },
] as const;

let home: string;
beforeEach(() => {
  home = temporaryPath("home");
  vi.stubEnv("SIGNET_PASSPHRASE", undefined);
});

describe.runIf(PYTHON !== undefined)(
  "keys and signet-auth 0.11.0 (skipped unless SIGNET_PYTHON is set)",
  () => {
    let peer: Peer;
    beforeAll(() => {
      peer = startPeer(PYTHON ?? "");
    });
    afterAll(() => peer.close());

    it.each(KINDS)("open there when they were made here ($kind)", async ({ ours, passphrase }) => {
      const agent = await SigningAgent.create("bot", { home, owner: "acme", ...ours });
      const text = await peer.text("key_sign", { home, name: "bot", passphrase, tool: "echo" });
      const [key, owner, receipt] = JSON.parse(text) as [string, string, string];
      expect([`ed25519:${key}`, owner]).toEqual([agent.publicKey, "acme"]);
      expect(agent.verify(receipt)).toBe(true);
      await agent.close();
    });

    it.each(KINDS)("open here when they were made there ($kind)", async ({ passphrase }) => {
      const key = await peer.text("key_create", { home, name: "bot", owner: "acme", passphrase });
      const agent = await SigningAgent.open("bot", { home, passphrase });
      expect([agent.publicKey, agent.owner]).toEqual([`ed25519:${key}`, "acme"]);
      const receipt = await agent.sign("echo", { a: 1 }, { target: "mcp://x" });
      expect(await peer.ask("verify", { receipt: JSON.stringify(receipt), key })).toBe(true);
      expect(await peer.ask("audit_chain", { home })).toBeTruthy();
      await agent.close();
    });

    it("do not open there by another passphrase, nor are they overwritten", async () => {
      await SigningAgent.create("bot", { home, passphrase: "right" });
      await expect(
        peer.ask("key_sign", { home, name: "bot", passphrase: "wrong", tool: "t" }),
      ).rejects.toThrow();
      await expect(peer.ask("key_create", { home, name: "bot" })).rejects.toThrow(/KeyExists/);
    });

    it("open there after their passphrase was changed here, or taken off", async () => {
      const keystore = openKeystore({ dir: join(home, "keys") });
      await peer.ask("key_create", { home, name: "bot", passphrase: "first" });
      await keystore.changePassphrase("bot", { passphrase: "first", next: { passphrase: "second" } });
      await peer.text("key_sign", { home, name: "bot", passphrase: "second", tool: "t" });
      await keystore.changePassphrase("bot", { passphrase: "second", next: { unencrypted: true } });
      await peer.text("key_sign", { home, name: "bot", tool: "t" });
    });
  },
);

describe.runIf(CLI !== undefined)(`keys and ${WITH_CLI}`, () => {
  const released = (passphrase: string | undefined, ...args: string[]) =>
    runProgram(CLI ?? "", args, {
      env: {
        ...env,
        SIGNET_HOME: home,
        ...(passphrase === undefined ? {} : { SIGNET_PASSPHRASE: passphrase }),
      },
    });

  it.each(KINDS)("open there when they were made here ($kind)", async ({ ours, passphrase }) => {
    const agent = await SigningAgent.create("bot", { home, ...ours });
    const sign = ["sign", "--key", "bot", "--tool", "t", "--target", "mcp://x", "--params", "{}"];
    const { code, out } = await released(passphrase, ...sign);
    expect(code).toBe(0);
    expect(agent.verify(out)).toBe(true);
  });

  it.each(KINDS)("open here when they were made there ($kind)", async ({ passphrase }) => {
    const flags = passphrase === undefined ? ["--unencrypted"] : [];
    const generate = ["identity", "generate", "--name", "bot", "--principal", "agent://acme/bot", ...flags];
    expect((await released(passphrase, ...generate)).code).toBe(0);
    const agent = await SigningAgent.open("bot", { home, passphrase });
    expect(agent.identity.principal).toBe("agent://acme/bot");
  });
});
