import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { ReadResourceRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonRecord } from "../../../src/lib/json.js";
import { contentHash } from "../../../src/receipt/index.js";
import { expectAccepted, expectRefusal } from "../../attack/support/expect.js";
import { openStand } from "../../attack/support/stand.js";
import { SECRET, sharedTasks, taskServer } from "../../attack/support/task-server.js";
import type { SharedTasks } from "../../attack/support/task-server.js";
import { at } from "../../attack/support/wire.js";
import type { Wire } from "../../attack/support/wire.js";

const URI = "note://one";
const PASSWORD = "hunter2";

let tasks: SharedTasks = sharedTasks();

afterEach(() => {
  tasks.store.cleanup();
  tasks = sharedTasks();
});

describe("a method that methods names", () => {
  it("needs a receipt that names the method and holds its params", async () => {
    const stand = await openStand({ guard: { methods: ["tools/call", "resources/read"] } });
    const wire = await stand.attach(resourceServer());
    const read = (params: JsonRecord): Promise<JsonRecord> => ask(wire, "resources/read", params);
    expectRefusal(await read({ uri: URI }), "unsigned");
    const params = await stand.signParams("resources/read", { uri: URI });
    expectRefusal(await read({ ...params, uri: "note://two" }), "params_mismatch");
    expectRefusal(await read({ ...params, extra: 1 }), "params_mismatch");
    const asTool = await stand.signParams("read", { uri: URI });
    expectRefusal(await read(asTool), "wrong_tool");
    const answer = await read(params);
    expectAccepted(answer, params);
    expect(at(answer, "result", "contents", 0, "text")).toBe(PASSWORD);
    expectRefusal(await read(params), "replayed");
    // What is not named needs none.
    expect(await ask(wire, "ping", {})).toMatchObject({ result: {} });
  });

  it("is countersigned over the result as it is sent, though it is an object of a class", async () => {
    class Contents {
      readonly contents = [{ uri: URI, text: "of a class" }];
    }
    const stand = await openStand({ guard: { methods: ["tools/call", "resources/*"] } });
    const wire = await stand.attach(resourceServer(() => new Contents()));
    const answer = await ask(wire, "resources/read", await stand.signParams("resources/read", { uri: URI }));
    expect(at(answer, "result", "contents", 0, "text")).toBe("of a class");
    expect(at(answer, "result", "_meta", "_signet_bilateral", "response", "content_hash")).toBe(
      contentHash(answer["result"]),
    );
  });

  it.each([["tools/call"], ["tools/*"]])("brings the tasks with it when it is %s", async (method) => {
    const stand = await openStand({ guard: { methods: [method] } });
    const wire = await stand.attach(taskServer(tasks));
    const answer = await wire.call({ ...(await stand.sign()), task: {} });
    const taskId = String(at(answer, "result", "task", "taskId"));
    const leaked = await ask(wire, "tasks/result", { taskId });
    expectRefusal(leaked, "unsigned");
    expect(JSON.stringify(leaked)).not.toContain(SECRET);
  });
});

describe("capabilities that methods do not cover", () => {
  it("are reported once, whatever number of servers offers them", async () => {
    const stand = await openStand();
    for (let n = 0; n < 3; n++) await stand.attach(resourceServer());
    expect(stand.events).toEqual([{ type: "uncovered_capabilities", capabilities: ["resources"] }]);
    expect(stand.guard.health().uncoveredCapabilities).toEqual(["resources"]);
    expect(stand.guard.health().ok).toBe(true);
  });

  it("are none when every request that reaches them needs a receipt", async () => {
    const stand = await openStand({ guard: { methods: ["tools/call", "resources/*"] } });
    await stand.attach(resourceServer());
    expect(stand.events).toEqual([]);
    expect(stand.guard.health().uncoveredCapabilities).toEqual([]);
  });
});

/** A server that offers tools and one resource. */
function resourceServer(read: () => object = () => ({ contents: [{ uri: URI, text: PASSWORD }] })): Server {
  const capabilities = { tools: {}, resources: {} };
  const server = new Server({ name: "notes", version: "1.0.0" }, { capabilities });
  server.setRequestHandler(ReadResourceRequestSchema, () => read() as { contents: [] });
  return server;
}

function ask(wire: Wire, method: string, params: JsonRecord): Promise<JsonRecord> {
  return wire.ask({ jsonrpc: "2.0", id: wire.freshId(), method, params });
}
