import { Server as ServerV1 } from "@modelcontextprotocol/sdk/server/index.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Server as ServerV2 } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { generateSigner } from "../../../src/crypto/signer.js";
import type { Signer } from "../../../src/crypto/signer.js";
import type { JsonRecord } from "../../../src/lib/json.js";
import { expectAccepted, expectRefusal } from "../../attack/support/expect.js";
import type { AnyServer } from "../../attack/support/servers.js";
import { openStand } from "../../attack/support/stand.js";
import { at, callMessage } from "../../attack/support/wire.js";

type Notify = (progress: number) => Promise<void>;

/** Servers whose only tool does what the test says, with a way to send progress for its call. */
const SERVERS: Readonly<Record<"v1" | "v2", (run: (notify: Notify) => void) => AnyServer>> = {
  v1: (run) => {
    const server = new ServerV1({ name: "v1", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler(CallToolRequestSchema, (_, extra) => {
      run((progress) =>
        extra.sendNotification({ method: "notifications/progress", params: { progressToken: 1, progress } }),
      );
      return { content: [] };
    });
    return server;
  },
  v2: (run) => {
    const server = new ServerV2({ name: "v2", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/call", (_, context) => {
      run((progress) =>
        context.mcpReq.notify({ method: "notifications/progress", params: { progressToken: 1, progress } }),
      );
      return { content: [] };
    });
    return server;
  },
};

describe.each(["v1", "v2"] as const)("with a slow signer, a server of SDK %s", (kind) => {
  it("sends progress before the result of its call, and what comes later after it", async () => {
    const { signer, release } = slowSigner();
    const stand = await openStand({ guard: { identity: { signer, name: "kms" } } });
    let late: Notify = () => Promise.resolve();
    const server = SERVERS[kind]((notify) => {
      late = notify;
      for (const progress of [1, 2, 3]) void notify(progress);
    });
    const wire = await stand.attach(server);
    const before = wire.sent.length;
    wire.post(callMessage(await stand.sign(), 7));
    await wire.quiet();
    // The result waits for its signature. What belongs to the same call must not overtake it.
    const lateProgress = late(4);
    await wire.quiet();
    expect(wire.sent.slice(before).map(nameOf)).toEqual([1, 2, 3]);
    release();
    await wire.answer(7);
    await lateProgress;
    expect(wire.sent.slice(before).map(nameOf)).toEqual([1, 2, 3, "result", 4]);
  });

  it("holds up no other call, no ping and no notification of its own", async () => {
    const { signer, release } = slowSigner();
    const stand = await openStand({ guard: { identity: { signer, name: "kms" } } });
    const wire = await stand.attach(SERVERS[kind](() => {}));
    wire.post(callMessage(await stand.sign(), 7));
    await wire.quiet();
    expect(await wire.ask({ jsonrpc: "2.0", id: 8, method: "ping" })).toMatchObject({ result: {} });
    wire.post(callMessage({ name: "x" }, 9));
    expect(at(await wire.answer(9), "error", "data", "reason")).toBe("unsigned");
    expect(wire.answersTo(7)).toEqual([]);
    release();
    expect(await wire.answer(7)).toHaveProperty("result");
  });

  it("keeps a call's id taken until its answer is signed", async () => {
    const { signer, release } = slowSigner();
    const stand = await openStand({ guard: { identity: { signer, name: "kms" } } });
    const wire = await stand.attach(SERVERS[kind](() => {}));
    const call = await stand.sign();
    wire.post(callMessage(call, 1));
    await wire.quiet();
    expectRefusal(await wire.ask({ jsonrpc: "2.0", id: 1, method: "ping" }), "duplicate_request");
    const second = await stand.sign();
    wire.post(callMessage(second, 1));
    expectRefusal(await wire.answer(1, 2), "duplicate_request");
    release();
    expectAccepted(await wire.answer(1, 3), call);
    wire.post(callMessage(second, 1));
    await wire.quiet();
    release();
    expectAccepted(await wire.answer(1, 4), second);
  });

  it("sends the result of the second call first when its signature is there first", async () => {
    const { signer, release } = slowSigner();
    const stand = await openStand({ guard: { identity: { signer, name: "kms" } } });
    const wire = await stand.attach(SERVERS[kind](() => {}));
    for (const id of [1, 2]) wire.post(callMessage(await stand.sign(), id));
    await wire.quiet();
    release(1);
    await wire.answer(2);
    expect(wire.answersTo(1)).toEqual([]);
    release();
    await wire.answer(1);
  });
});

/** Signs when the test lets it: the signatures asked for so far, or the one at an index. */
function slowSigner(): { readonly signer: Signer; release(index?: number): void } {
  const local = generateSigner();
  const waiting: (() => void)[] = [];
  return {
    signer: {
      publicKey: local.publicKey,
      sign: async (message) => {
        await new Promise<void>((resolve) => void waiting.push(resolve));
        return local.sign(message);
      },
    },
    release(index) {
      const ready = index === undefined ? waiting.splice(0) : waiting.splice(index, 1);
      for (const resume of ready) resume();
    },
  };
}

function nameOf(message: JsonRecord): unknown {
  return "result" in message ? "result" : at(message, "params", "progress");
}
