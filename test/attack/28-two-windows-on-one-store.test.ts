import { describe, expect, it } from "vitest";
import { createMemoryReplayStore } from "../../src/replay/index.js";
import { createGuard } from "../../src/server.js";
import type { Guard } from "../../src/server.js";
import { pinnedClock, signedCall, testIdentity, testRegistry } from "../../src/testing.js";
import { NOW_MS, TARGET } from "./support/stand.js";

describe("two guards with different windows on one memory store", () => {
  it("accept a receipt once, also when the one that took it had no more need of its nonce", async () => {
    const clock = pinnedClock(NOW_MS);
    const [alice, { signer, name }] = [testIdentity("alice"), testIdentity("server")];
    const replay = createMemoryReplayStore({ clock });
    const open = (maxAgeMs: number): Promise<Guard> =>
      createGuard({
        registry: testRegistry({ agents: [alice] }),
        identity: { signer, name },
        target: TARGET,
        replay,
        clock,
        maxAgeMs,
      });
    const [short, long] = [await open(300_000), await open(600_000)];
    const sign = (): ReturnType<typeof signedCall> =>
      signedCall({ identity: alice, tool: "echo", target: TARGET, issuedAtMs: clock() });
    const params = await sign();
    expect(await short.verify(params)).toMatchObject({ ok: true });
    clock.advance(310_000);
    expect(await long.verify(params)).toMatchObject({ ok: false, code: "replayed" });
    const later = await sign();
    clock.advance(30_000);
    // The nonce is forgotten by now, and the receipt is no more than 340 s old.
    expect(await long.verify(params)).toMatchObject({ ok: false, code: "replay_unavailable" });
    expect(await long.verify(later)).toMatchObject({ ok: true });
    expect(await short.verify(later)).toMatchObject({ ok: false, code: "replayed" });
    await Promise.all([short.close(), long.close()]);
  });
});
