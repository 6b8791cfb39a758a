import { describe, expect, it, vi } from "vitest";
import { ReplayStoreError } from "../../src/errors.js";
import { createGuard } from "../../src/server.js";
import type { RefusalCode, ReplayStore } from "../../src/server.js";
import { testIdentity, testRegistry } from "../../src/testing.js";
import { expectAcceptedCall, expectRefusal, expectRefusedCall } from "./support/expect.js";
import { openStand, TARGET } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

type Claim = () => unknown;

const THROWN: readonly (readonly [string, RefusalCode, unknown])[] = [
  ["replay_full", "replay_full", new ReplayStoreError("replay_full", "full")],
  ["issued_before_start", "issued_before_start", new ReplayStoreError("issued_before_start", "old")],
  ["replay_unavailable", "replay_unavailable", new ReplayStoreError("replay_unavailable", "down")],
  [
    "an error of the operating system",
    "replay_unavailable",
    Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }),
  ],
  [
    "an error of a code that is none of ours",
    "replay_unavailable",
    new ReplayStoreError("claimed" as never, "?"),
  ],
  ["a code with a name of a prototype", "replay_unavailable", new ReplayStoreError("toString" as never, "?")],
  ["nothing", "replay_unavailable", undefined],
  ["the word claimed", "replay_unavailable", "claimed"],
  ["a symbol", "replay_unavailable", Symbol("x")],
  ["an object without a prototype", "replay_unavailable", Object.create(null)],
  [
    "an object that throws when it is looked at",
    "replay_unavailable",
    {
      toString: () => {
        throw new Error("do not look");
      },
    },
  ],
  [
    "an error that throws when its message is read",
    "replay_unavailable",
    Object.defineProperty(new Error("x"), "message", {
      get: () => {
        throw new Error("do not look");
      },
    }),
  ],
];

const ANSWERS: readonly (readonly [string, unknown])[] = [
  ["true", true],
  ["1", 1],
  ["undefined", undefined],
  ["null", null],
  ["an empty text", ""],
  ["CLAIMED", "CLAIMED"],
  ["claimed and a line feed", "claimed\n"],
  ["a list of the word", ["claimed"]],
  ["an object of the word", Object("claimed")],
  ["an object with a status", { status: "claimed" }],
  ["a bigint", 1n],
  ["a function", () => "claimed"],
];

describe("class 6: a nonce store that fails", () => {
  it("does not start with a store that cannot count, where the registry has limits", async () => {
    const server = testIdentity("server");
    const limits = { maxCalls: 1, windowSeconds: 1 };
    const options = {
      registry: testRegistry({ agents: [{ ...testIdentity("alice"), limits }] }),
      identity: { signer: server.signer, name: server.name },
      target: TARGET,
      replay: { claim: () => "claimed" as const },
    };
    await expect(createGuard(options)).rejects.toMatchObject({
      code: "invalid_option",
      option: "options.replay",
    });
  });

  describe.each([
    ["throws", (thrown: unknown): unknown => raise(thrown)],
    ["rejects with", (thrown: unknown): unknown => Promise.reject(thrown)],
  ])("which %s", (_, fail) => {
    it.each(THROWN)(
      "%s: denies the call as %s, and takes calls again when it has recovered",
      async (_, code, thrown) => {
        await expectDenied(code, () => fail(thrown));
      },
    );
  });

  it.each(ANSWERS)("which answers %s: denies the call", async (_, answer) => {
    await expectDenied("replay_unavailable", () => answer);
    await expectDenied("replay_unavailable", () => Promise.resolve(answer));
  });

  it("which says that a fresh nonce was used: believes it", async () => {
    await expectDenied("replayed", () => "replayed");
    await expectDenied("replayed", () => Promise.resolve("replayed"));
  });

  it("whose thenable throws: denies the call", async () => {
    const answer = {
      // oxlint-disable-next-line unicorn/no-thenable -- a store may be of any making
      get then(): unknown {
        throw new Error("no then");
      },
    };
    await expectDenied("replay_unavailable", () => answer);
  });

  it("whose thenable answers twice: takes the first answer", async () => {
    const answer = {
      // oxlint-disable-next-line unicorn/no-thenable -- a store may be of any making
      then: (resolve: (value: unknown) => void): void => {
        resolve("replayed");
        resolve("claimed");
      },
    };
    await expectDenied("replayed", () => answer);
  });

  it("which never answers: denies within 250 ms, and does not run the tool when the answer comes after all", async () => {
    let answerLate: (outcome: "claimed") => void = () => {};
    const hung = new Promise<"claimed">((resolve) => {
      answerLate = resolve;
    });
    const { stand, wire, repair } = await openWith(() => hung);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      wire.post(callMessage(await stand.sign(), 1));
      await wire.quiet();
      expect(wire.answersTo(1)).toEqual([]);
      await vi.advanceTimersByTimeAsync(250);
      expectRefusal(await wire.answer(1), "replay_unavailable");
    } finally {
      vi.useRealTimers();
    }
    answerLate("claimed");
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(wire.answersTo(1)).toHaveLength(1);
    repair();
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("which hangs: keeps no call of the two hundred that waited for it", async () => {
    const { stand, wire, repair, asked } = await openWith(() => new Promise(() => {}));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      for (let id = 0; id < 200; id++) wire.post(callMessage(await stand.sign(), id));
      await wire.quiet();
      expect(stand.guard.health().callsInFlight).toBe(200);
      await vi.advanceTimersByTimeAsync(250);
      for (let id = 0; id < 200; id++) expectRefusal(await wire.answer(id), "replay_unavailable");
      expect(stand.guard.health()).toMatchObject({
        ok: false,
        callsInFlight: 0,
        replay: { circuit: "open", pendingClaims: 200 },
      });
      repair();
      expectRefusal(await wire.call(await stand.sign(), 201), "replay_unavailable");
      expect(asked(), "the store is not asked again at once").toBe(200);
      await vi.advanceTimersByTimeAsync(250);
    } finally {
      vi.useRealTimers();
    }
    await expectAcceptedCall(stand, wire, await stand.sign(), 0);
    expect(stand.guard.health().replay).toMatchObject({ circuit: "closed", pendingClaims: 200 });
    expect(stand.events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["replay_stopped", "replay_resumed"]),
    );
  });

  it("which did not hear of a claim: denies the copy of a call that was denied", async () => {
    const { stand, wire, repair } = await openWith(() => new Promise(() => {}));
    const captured = await stand.sign();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      wire.post(callMessage(captured, 1));
      await wire.quiet();
      await vi.advanceTimersByTimeAsync(250);
      expectRefusal(await wire.answer(1), "replay_unavailable");
      repair();
      await vi.advanceTimersByTimeAsync(250);
    } finally {
      vi.useRealTimers();
    }
    await expectRefusedCall(stand, wire, captured, "replayed");
  });

  it("lets a receipt pass at one of two guards that share a store", async () => {
    const first = await openStand();
    const second = await openStand({ agents: () => [first.alice], replay: () => first.store });
    const captured = await first.sign();
    await expectAcceptedCall(first, await first.connect(), captured);
    await expectRefusedCall(second, await second.connect(), captured, "replayed");
  });

  it("lets one of the copies pass that come to two guards on one store at once", async () => {
    const first = await openStand();
    const second = await openStand({ agents: () => [first.alice], replay: () => first.store });
    const wires = await Promise.all([first.connect(), second.connect(), first.connect(), second.connect()]);
    const captured = await first.sign();
    first.store.hold();
    for (const wire of wires) wire.post(callMessage(captured, 7));
    first.store.release();
    const answers = await Promise.all(wires.map((wire) => wire.answer(7)));
    expect(answers.filter((answer) => "result" in answer)).toHaveLength(1);
    expect(first.runs() + second.runs()).toBe(1);
  });
});

/** A stand whose store does what the test says, until it is repaired. */
async function openWith(claim: Claim) {
  let broken = true;
  let asked = 0;
  const answer = (): unknown => {
    asked += 1;
    return broken ? claim() : "claimed";
  };
  const stand = await openStand({ replay: () => ({ claim: answer }) as ReplayStore });
  const repair = (): void => {
    broken = false;
  };
  return { stand, wire: await stand.connect(), repair, asked: () => asked };
}

async function expectDenied(code: RefusalCode, claim: Claim): Promise<void> {
  const { stand, wire, repair } = await openWith(claim);
  await expectRefusedCall(stand, wire, await stand.sign(), code);
  repair();
  await expectAcceptedCall(stand, wire, await stand.sign());
}

function raise(thrown: unknown): never {
  throw thrown;
}
