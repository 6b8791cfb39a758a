import { describe, expect, it } from "vitest";

import { ownRequest } from "../../../src/mcp/guard/arrival.js";
import type { ArrivedRequest } from "../../../src/mcp/guard/arrival.js";
import { classifyMessage } from "../../../src/mcp/message.js";

function requestOf(message: object): ArrivedRequest {
  const request = classifyMessage(message);
  if (request.kind !== "request") throw new Error(request.kind);
  return request;
}

describe("ownRequest", () => {
  it("is one and the same for the guard and for the SDK, whatever is written to the body afterwards", () => {
    const params: Record<string, unknown> = { name: "t", arguments: { a: [1] } };
    const own = ownRequest(requestOf({ jsonrpc: "2.0", id: 1, method: "tools/call", params }), 64);
    Object.assign(Object(params["arguments"]), { a: [2] });
    params["task"] = { ttl: 1 };
    expect(own.params).toEqual({ name: "t", arguments: { a: [1] } });
    expect(own.raw["params"]).toBe(own.params);
    expect(own.raw).toEqual({ jsonrpc: "2.0", id: 1, method: "tools/call", params: own.params });
  });

  it("leaves what is too deep to be copied as it is: no receipt holds of that", () => {
    const request = requestOf({ id: 1, method: "tools/call", params: { name: "t", arguments: { a: [[]] } } });
    expect(ownRequest(request, 2)).toBe(request);
    const bare = requestOf({ id: 1, method: "tools/call" });
    expect(ownRequest(bare, 64)).toBe(bare);
  });
});
