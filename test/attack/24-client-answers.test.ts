/** Guard, section 5, 24: what a hostile server, or somebody in between, tries on a client. */
import { Client as ClientV2, InMemoryTransport as InMemoryV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport as InMemoryV1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../../src/lib/json.js";
import { isPlainObject } from "../../src/lib/json.js";
import { SigningTransport } from "../../src/mcp/client/signing-transport.js";
import { parseTrustRegistry } from "../../src/trust/parse.js";
import {
  agent,
  at,
  connect,
  lastOf,
  NOW_MS,
  registryText,
  RESULT,
  resultFor,
  serverKey,
  TARGET,
} from "../mcp/client/harness.js";

const FORGED: JsonRecord = { content: [{ type: "text", text: "forged" }] };

function reasonOf(message: unknown): unknown {
  return at(message, "error", "data", "reason");
}

describe("an answer whose id only looks like the request's", () => {
  it.each(["1", " 1", "1 ", "0x1", "1.0", "1e0", "+1", "01", "0b1", "\n1"])(
    "is an error for the true id: %j",
    async (id) => {
      const { call, answer, received, errors } = connect();
      const request = await call(1);
      answer({ ...resultFor(request), id });
      expect(received).toMatchObject([{ id: 1, error: { code: 1, data: { reason: "answer_id_mismatch" } } }]);
      expect(errors).toEqual([]);
    },
  );

  it("is one too for request 0, which an empty text equals", async () => {
    for (const id of ["", " ", "-0", "0"]) {
      const { call, answer, received } = connect();
      await call(0);
      answer({ jsonrpc: "2.0", id, result: FORGED });
      expect(received).toMatchObject([{ id: 0, error: { data: { reason: "answer_id_mismatch" } } }]);
    }
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["true", true],
    ["a list", [1]],
    ["an object", { valueOf: 1 }],
    ["no id", undefined],
    ["another number", 2],
    ["another text", "x"],
    ["a number that is none", "NaN"],
  ])("is dropped when it fits nothing: %s", async (_, id) => {
    const { call, answer, received, errors } = connect();
    const request = await call(1);
    answer({ jsonrpc: "2.0", id, result: FORGED });
    expect(received).toEqual([]);
    expect(errors).toMatchObject([{ code: "unexpected_answer" }]);
    answer(resultFor(request));
    expect(received).toMatchObject([{ id: 1, result: RESULT }]);
  });
});

describe("more answers than questions", () => {
  it("does not let a second answer through, whichever is the genuine one", async () => {
    for (const genuineFirst of [true, false]) {
      const { call, answer, received, errors } = connect();
      const genuine = resultFor(await call(1));
      const forged = { jsonrpc: "2.0", id: 1, result: FORGED };
      for (const message of genuineFirst ? [genuine, forged, genuine] : [forged, genuine, genuine])
        answer(message);
      expect(received).toHaveLength(1);
      expect(received[0]).toMatchObject(genuineFirst ? { result: RESULT } : { error: { code: 1 } });
      expect(errors).toMatchObject([{ code: "unexpected_answer" }, { code: "unexpected_answer" }]);
    }
  });

  it("does not keep an answer that comes before its question", async () => {
    const { call, answer, received, errors } = connect();
    answer({ jsonrpc: "2.0", id: 1, result: FORGED });
    answer(resultFor(await call(1)));
    expect(received).toMatchObject([{ result: RESULT }]);
    expect(errors).toMatchObject([{ code: "unexpected_answer" }]);
  });

  it("does not let a flood of them cost memory", async () => {
    const { call, answer, received, errors } = connect();
    const request = await call(1);
    for (let id = 2; id < 5000; id++) answer({ jsonrpc: "2.0", id, result: FORGED });
    answer(resultFor(request));
    expect(received).toHaveLength(1);
    expect(errors).toHaveLength(4998);
  });
});

describe("a message that is an answer and something else", () => {
  it.each<[string, JsonRecord]>([
    ["a request with a result", { id: 1, method: "ping", result: FORGED }],
    ["a notification with a result", { method: "notifications/message", result: FORGED }],
    ["a request with an error", { id: 1, method: "ping", error: { code: 1, message: "x" } }],
  ])("is dropped: %s", async (_, members) => {
    const { call, answer, received, errors } = connect();
    const request = await call(1);
    answer({ jsonrpc: "2.0", ...members });
    expect(received).toEqual([]);
    expect(errors).toMatchObject([{ code: "unreadable_answer" }]);
    answer(resultFor(request));
    expect(received).toHaveLength(1);
  });

  it("is dropped when its result is inherited, which no JSON is", async () => {
    const { call, inner, received, errors } = connect();
    await call(1);
    inner.onmessage?.(Object.create({ jsonrpc: "2.0", id: 1, result: FORGED }));
    expect(received).toEqual([]);
    expect(errors).toMatchObject([{ code: "unreadable_answer" }]);
  });
});

describe("an error that SDKs act upon and nobody vouches for", () => {
  const url = "https://evil.example/login";
  it.each<[string, JsonRecord]>([
    [
      "-32042, which hands the application a URL",
      {
        code: -32042,
        message: "Sign in",
        data: { elicitations: [{ url, mode: "url", elicitationId: "1", message: "x" }] },
      },
    ],
    [
      "-32020, which makes the client sign and send once more",
      { code: -32020, message: "Header mismatch", data: { url } },
    ],
    [
      "-32022, with versions to fall back to",
      { code: -32022, message: "Unsupported", data: { supported: ["2024-11-05"], url } },
    ],
  ])("becomes a neutral one: %s", async (_, error) => {
    const { call, answer, received } = connect();
    await call(1);
    answer({ jsonrpc: "2.0", id: 1, error });
    expect(received).toMatchObject([
      { error: { code: 1, data: { reason: "countersignature_missing", answered: { code: error["code"] } } } },
    ]);
    expect(JSON.stringify(received)).not.toContain(url);
  });
});

describe("a countersignature by a server that is trusted for something else", () => {
  const ask = async (server: JsonRecord): Promise<unknown> => {
    const servers = parseTrustRegistry(registryText({ server }), { requireAgents: false });
    const { call, answer, received } = connect({ servers });
    answer(resultFor(await call(1)));
    expect(received).toHaveLength(1);
    return reasonOf(received[0]);
  };

  it("is refused for another target, and for none", async () => {
    expect(await ask({ targets: ["mcp://gitlab"] })).toBe("server_out_of_scope");
    expect(await ask({ targets: ["mcp://github.evil", "MCP://GITHUB", "mcp://git"] })).toBe(
      "server_out_of_scope",
    );
    expect(await ask({ targets: [] })).toBe("server_out_of_scope");
  });

  it("is taken for the target called", async () => {
    expect(await ask({})).toBeUndefined();
    expect(await ask({ targets: [TARGET] })).toBeUndefined();
    expect(await ask({ targets: ["mcp://git*"] })).toBeUndefined();
  });

  it("is refused once it is revoked, disabled, expired, or before it is valid", async () => {
    expect(await ask({ status: "revoked", revoked_at: "2026-11-01T00:00:00Z" })).toBe("key_revoked");
    expect(await ask({ status: "disabled", disabled_at: "2026-11-01T00:00:00Z" })).toBe("key_disabled");
    expect(await ask({ expires_at: new Date(NOW_MS).toISOString() })).toBe("key_expired");
    expect(await ask({ created_at: new Date(NOW_MS + 1).toISOString() })).toBe("key_not_yet_valid");
  });

  it("is refused when the key is revoked as an agent's", async () => {
    const agents = [
      {
        id: "a",
        name: "x",
        owner: "y",
        pubkey: serverKey,
        created_at: "2026-01-01T00:00:00Z",
        status: "revoked",
        revoked_at: "2026-11-01T00:00:00Z",
      },
    ];
    const servers = parseTrustRegistry(JSON.stringify({ ...JSON.parse(registryText()), agents }));
    const { call, answer, received } = connect({ servers });
    answer(resultFor(await call(1)));
    expect(received.map(reasonOf)).toEqual(["key_revoked"]);
  });
});

describe("a closed connection", () => {
  it("does not turn the checks off", async () => {
    const { call, transport, answer, received, errors } = connect();
    const request = await call(1);
    await transport.close();
    answer({ jsonrpc: "2.0", id: 1, result: FORGED });
    answer(resultFor(request));
    expect(received).toEqual([]);
    expect(errors).toHaveLength(2);
  });
});

/** A server that answers every tool call as the test says, straight on the wire. */
interface Wire {
  onmessage?: unknown;
  send(message: never): Promise<void>;
  start(): Promise<void>;
}

function serve(wire: Wire, answers: (request: JsonRecord) => readonly unknown[]): void {
  wire.onmessage = (message: unknown): void => {
    if (!isPlainObject(message) || message["id"] === undefined) return;
    const initialized = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "s", version: "1" },
    };
    const replies =
      message["method"] === "tools/call"
        ? answers(message)
        : [
            {
              jsonrpc: "2.0",
              id: message["id"],
              result: message["method"] === "initialize" ? initialized : { tools: [] },
            },
          ];
    for (const reply of replies) void wire.send(reply as never);
  };
  void wire.start();
}

describe.each(["v1", "v2"] as const)("a client of SDK %s over a hostile server", (sdk) => {
  async function call(answers: (request: JsonRecord) => readonly unknown[]): Promise<unknown> {
    const options = { identity: { signer: agent, name: "bot" }, target: TARGET, servers: serverKey };
    const info = { name: "c", version: "1" };
    if (sdk === "v1") {
      const [near, far] = InMemoryV1.createLinkedPair();
      serve(far, answers);
      const client = new ClientV1(info);
      await client.connect(new SigningTransport(near, options));
      return client.callTool({ name: "echo", arguments: {} });
    }
    const [near, far] = InMemoryV2.createLinkedPair();
    serve(far, answers);
    const client = new ClientV2(info);
    await client.connect(new SigningTransport(near, options));
    return client.callTool({ name: "echo", arguments: {} });
  }

  it("gets the genuine result", async () => {
    const respondedAtMs = Date.now();
    await expect(call((request) => [resultFor(request, RESULT, { respondedAtMs })])).resolves.toMatchObject(
      RESULT,
    );
  });

  it.each<[string, string, (request: JsonRecord) => readonly unknown[]]>([
    [
      "an id that is a text",
      "answer_id_mismatch",
      ({ id }) => [{ jsonrpc: "2.0", id: String(id), result: FORGED }],
    ],
    [
      "an id in hex",
      "answer_id_mismatch",
      ({ id }) => [{ jsonrpc: "2.0", id: `0x${Number(id).toString(16)}`, result: FORGED }],
    ],
    ["no countersignature", "countersignature_missing", ({ id }) => [{ jsonrpc: "2.0", id, result: FORGED }]],
    [
      "a forged -32042",
      "countersignature_missing",
      ({ id }) => [{ jsonrpc: "2.0", id, error: { code: -32042, message: "x", data: { elicitations: [] } } }],
    ],
    [
      "a forged answer and then the genuine one",
      "countersignature_missing",
      (request) => [{ jsonrpc: "2.0", id: request["id"], result: FORGED }, resultFor(request)],
    ],
  ])("gets an error for %s", async (_, reason, answers) => {
    await expect(call(answers)).rejects.toMatchObject({ code: 1, data: { reason } });
  });

  it("signs and sends once only, whatever error comes", async () => {
    const requests: JsonRecord[] = [];
    const answers = (request: JsonRecord): readonly unknown[] => {
      requests.push(request);
      return [{ jsonrpc: "2.0", id: request["id"], error: { code: -32020, message: "x" } }];
    };
    await expect(call(answers)).rejects.toMatchObject({ code: 1 });
    expect(requests).toHaveLength(1);
    expect(lastOf(requests)).toMatchObject({ params: { name: "echo" } });
  });
});
