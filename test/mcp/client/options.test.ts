import { describe, expect, it } from "vitest";
import { SigningTransport } from "../../../src/mcp/client/signing-transport.js";
import { testIdentity, testRegistry } from "../../../src/testing.js";
import { agent, RawTransport, serverKey, TARGET } from "./harness.js";

const GOOD = { identity: { signer: agent, name: "bot" }, target: TARGET, servers: serverKey };
const SMALL_ORDER = `ed25519:${Buffer.alloc(32).toString("base64")}`;

describe("an option of a signing transport", () => {
  it.each<[string, string, unknown]>([
    ["missing_option", "identity", undefined],
    ["invalid_option", "identity", 7],
    ["missing_option", "target", undefined],
    ["invalid_option", "target", ""],
    ["invalid_option", "target", ["mcp://a"]],
    ["invalid_option", "target", " mcp://a"],
    ["invalid_option", "servers", " "],
    ["invalid_option", "servers", serverKey.slice("ed25519:".length)],
    ["invalid_option", "servers", 7],
    ["invalid_option", "servers", []],
    ["invalid_option", "servers", new URL("file:///registry.yaml")],
    ["invalid_option", "servers", "file:///registry.yaml"],
    ["invalid_option", "servers", null],
    ["invalid_option", "servers", "ed25519:abc"],
    ["invalid_option", "servers", SMALL_ORDER],
    ["unknown_option", "servers", { pubkey: serverKey, key: 1 }],
    ["missing_option", "servers", {}],
    ["invalid_option", "servers", { pubkey: serverKey, name: "" }],
    ["invalid_option", "methods", []],
    ["invalid_option", "methods", "tools/call"],
    ["invalid_option", "methods", ["notifications/initialized"]],
    ["invalid_option", "stripCountersignature", "yes"],
    ["invalid_option", "hashOnly", 1],
    ["invalid_option", "exp", 0],
    ["invalid_option", "exp", 1.5],
    ["invalid_option", "exp", "5m"],
    ["invalid_option", "clockSkewMs", -1],
    ["invalid_option", "clockSkewMs", 86_400_001],
    ["invalid_option", "onReceipt", {}],
    ["invalid_option", "clock", 5],
    ["invalid_option", "clock", () => "now"],
    ["invalid_option", "metaKey", null],
    ["invalid_option", "target", "x".repeat(1025)],
    ["invalid_option", "transport", "\ud800"],
    ["invalid_option", "servers", testRegistry({ agents: [testIdentity("a")] })],
    ["invalid_option", "transport", ""],
    ["invalid_option", "metaKey", "mine"],
    ["invalid_option", "sentReceipts", new Map()],
    ["invalid_option", "audit", ""],
    ["invalid_option", "audit", true],
    ["invalid_option", "audit", null],
    ["invalid_option", "audit", {}],
    ["invalid_option", "audit", new URL("file:///audit")],
    ["invalid_option", "encryptParams", "yes"],
    ["invalid_option", "encryptParams", true],
    ["unsupported_option", "chain", []],
    ["unsupported_option", "decision", {}],
    ["unknown_option", "server", serverKey],
  ])("is %s: %s", (code, name, value) => {
    const options: never = { ...GOOD, [name]: value } as never;
    expect(() => new SigningTransport(new RawTransport(), options)).toThrow(
      expect.objectContaining({
        name: "OptionError",
        code,
        option: expect.stringMatching(new RegExp(`(^|\\.)${name}`)),
      }),
    );
  });

  it.each<[unknown]>([[undefined], [null], ["http://127.0.0.1"]])(
    "cannot make a transport of %s",
    (inner) => {
      expect(() => new SigningTransport(inner as never, GOOD)).toThrow(
        expect.objectContaining({ option: "inner" }),
      );
    },
  );

  it("cannot make one of what sends nothing, nor sign twice, and says when the two arguments changed places", () => {
    const transport = new RawTransport();
    expect(() => new SigningTransport({ request: () => undefined }, GOOD)).toThrow(
      expect.objectContaining({ code: "invalid_option", option: "inner" }),
    );
    expect(() => new SigningTransport(new SigningTransport(transport, GOOD), GOOD)).toThrow(
      expect.objectContaining({ code: "invalid_option", option: "inner" }),
    );
    expect(() => new SigningTransport(GOOD, transport as never)).toThrow(/the options come after it/);
  });

  it.each<[unknown]>([[undefined], [null], ["x"], [[]]])("has to be in an object, not %s", (options) => {
    expect(() => new SigningTransport(new RawTransport(), options as never)).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});

describe("what receipts call the transport", () => {
  it.each([
    ["http", { _url: new URL("http://127.0.0.1") }],
    ["stdio", { _serverParams: {} }],
    ["other", {}],
  ])("is %s", async (word, members) => {
    const sent: unknown[] = [];
    const inner = { ...members, send: (message: unknown) => Promise.resolve(void sent.push(message)) };
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a" } };
    await new SigningTransport(inner, GOOD).send(message);
    await new SigningTransport(inner, { ...GOOD, transport: "carrier pigeon" }).send(message);
    expect(sent).toMatchObject(
      [word, "carrier pigeon"].map((transport) => ({
        params: { _meta: { _signet: { action: { transport } } } },
      })),
    );
  });
});
