import { expect } from "vitest";
import type { Case } from "./case.js";
import { textOf } from "./observe.js";

/** What has no counterpart on a bare server. */
export const GUARDED_CASES: readonly Case[] = [
  {
    title: "does not run a tool whose call is cancelled while it is verified",
    needs: ["a guard in this process", "cancellation"],
    async run({ alice, deployment }) {
      const { gate } = deployment.security;
      const before = deployment.state.hanging;
      const cancel = new AbortController();
      const atGate = gate.arrived();
      gate.shut();
      const call = alice.call("hang", {}, { signal: cancel.signal });
      await atGate;
      const arrived = deployment.cancelArrived();
      cancel.abort();
      expect((await call).seen).toHaveProperty("error");
      await arrived;
      // Where messages keep their order, the cancellation is in once this is answered.
      await alice.tools();
      gate.open();
      const after = await alice.call("hang-count");
      expect(textOf(after)).toBe(String(before));
      return after;
    },
  },
  {
    title: "refuses an unsigned client in band, and goes on",
    async run({ deployment }) {
      const stranger = await deployment.connectUnsigned();
      const refused = await stranger.call("greet", { name: "nobody" });
      expect(refused.seen).toMatchObject({ error: { code: -32602, data: { reason: "unsigned" } } });
      expect(refused.countersigned).toBe(false);
      expect((await stranger.tools()).names).toContain("greet");
      await stranger.close();
      return refused;
    },
  },
];
