import { describe, expect, it } from "vitest";

import { createGuard } from "../../src/server.js";
import { signedCall, testIdentity, testRegistry } from "../../src/testing.js";

const bot = testIdentity("bot");
const call = { identity: bot, target: "mcp://x", tool: "t" };

describe("the kit for the tests of server authors", () => {
  it.each<[string, string, () => unknown]>([
    ["a blank name", "invalid_option", () => testIdentity("")],
    ["a misspelt section", "unknown_option", () => testRegistry({ agents: [bot], server: [bot] } as never)],
    ["a name for an identity", "invalid_option", () => signedCall({ ...call, identity: "bot" as never })],
    ["a misspelt option", "unknown_option", () => signedCall({ ...call, args: {} } as never)],
    ["no options", "invalid_option", () => signedCall(undefined as never)],
  ])("refuses %s as the guard would", async (_, code, make) => {
    await expect(Promise.resolve().then(make)).rejects.toMatchObject({ name: "OptionError", code });
  });

  it("signs for an agent that has a principal", async () => {
    const listed = { ...testIdentity("bot"), principal: "agent://acme/bot" };
    const guard = await createGuard({
      registry: testRegistry({ agents: [listed] }),
      identity: testIdentity("server"),
      target: "mcp://x",
    });
    expect(await guard.verify(await signedCall({ ...call, identity: listed }))).toMatchObject({ ok: true });
    const { principal: _, ...silent } = listed;
    expect(await guard.verify(await signedCall({ ...call, identity: silent }))).toMatchObject({
      code: "signer_mismatch",
    });
    await guard.close();
  });

  it("signs for an owner named test unless it is told another", async () => {
    const { _meta } = await signedCall(call);
    expect(_meta._signet.signer).toMatchObject({ name: "bot", owner: "test", pubkey: bot.publicKey });
  });
});
