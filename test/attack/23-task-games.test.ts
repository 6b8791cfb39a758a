import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonRecord } from "../../src/lib/json.js";
import { expectAccepted, expectRefusal, expectRefusedCall } from "./support/expect.js";
import { openStand } from "./support/stand.js";
import type { Stand } from "./support/stand.js";
import { SECRET, sharedTasks, taskServer } from "./support/task-server.js";
import type { SharedTasks } from "./support/task-server.js";
import { at, callMessage } from "./support/wire.js";
import type { Wire } from "./support/wire.js";

const RELATED = "io.modelcontextprotocol/related-task";
const METHODS = ["tasks/get", "tasks/result", "tasks/cancel"];

let tasks: SharedTasks = sharedTasks();

afterEach(() => {
  tasks.store.cleanup();
  tasks = sharedTasks();
});

describe("class 23: another's task", () => {
  it.each(METHODS)("refuses %s without a receipt", async (method) => {
    const { stand, wire, taskId } = await openTask();
    expectRefusal(await ask(wire, method, { taskId }), "unsigned");
    await expectStillReadable(stand, wire, taskId);
  });

  it.each(METHODS)("refuses %s by another trusted key, and burns no nonce", async (method) => {
    const { stand, wire, taskId } = await openTask();
    const { claims } = stand.store;
    const params = await stand.signParams(method, { taskId }, { identity: stand.bob });
    expectRefusal(await ask(wire, method, params), "wrong_task_owner");
    expect(stand.store.claims).toBe(claims);
    await expectStillReadable(stand, wire, taskId);
  });

  it.each(METHODS)("refuses %s by another key over another connection", async (method) => {
    const { stand, taskId } = await openTask();
    const other = await stand.attach(taskServer(tasks));
    const params = await stand.signParams(method, { taskId }, { identity: stand.bob });
    expectRefusal(await ask(other, method, params), "wrong_task_owner");
    await expectStillReadable(stand, other, taskId);
  });

  it.each(METHODS)(
    "refuses %s for tasks that nobody made here, and for ids that are none",
    async (method) => {
      const { stand, wire } = await openTask();
      const foreign = await tasks.store.createTask({ ttl: 1000 }, 1, { method: "tools/call" });
      for (const taskId of [foreign.taskId, "", "__proto__", null, 0, ["x"], {}]) {
        const params = await stand.signParams(method, { taskId });
        expectRefusal(await ask(wire, method, params), "wrong_task_owner");
      }
      expectRefusal(await ask(wire, method, await stand.signParams(method, {})), "wrong_task_owner");
    },
  );

  it.each(METHODS)("does not take a receipt for one task's %s for another task", async (method) => {
    const { stand, wire, taskId } = await openTask();
    const second = await createTask(stand, wire);
    const params = await stand.signParams(method, { taskId });
    expectRefusal(await ask(wire, method, { ...params, taskId: second }), "params_mismatch");
    expectRefusal(await ask(wire, method, { ...params, extra: 1 }), "params_mismatch");
  });

  it("does not take the receipt of one method for another", async () => {
    const { stand, wire, taskId } = await openTask();
    const params = await stand.signParams("tasks/get", { taskId });
    expectRefusal(await ask(wire, "tasks/result", params), "wrong_tool");
    expectRefusal(await ask(wire, "tasks/cancel", params), "wrong_tool");
    expectRefusal(await ask(wire, "tasks/list", params), "wrong_tool");
    expect(await ask(wire, "tasks/get", params)).toHaveProperty("result");
  });

  it("does not take a receipt of tasks/* twice", async () => {
    const { stand, wire, taskId } = await openTask();
    const params = await stand.signParams("tasks/result", { taskId });
    expect(await ask(wire, "tasks/result", params)).toHaveProperty("result");
    expectRefusal(await ask(wire, "tasks/result", params), "replayed");
  });

  it("lists to a key its own tasks only, and none to a stranger", async () => {
    const { stand, wire, taskId } = await openTask();
    await createTask(stand, wire, stand.bob);
    expectRefusal(await ask(wire, "tasks/list", {}), "unsigned");
    const mallory = await stand.signParams("tasks/list", {}, { identity: stand.mallory });
    expectRefusal(await ask(wire, "tasks/list", mallory), "untrusted_signer");
    const own = await ask(wire, "tasks/list", await stand.signParams("tasks/list", {}));
    expect(at(own, "result", "tasks")).toMatchObject([{ taskId }]);
    expect(at(own, "result", "_meta", "_signet_bilateral", "v")).toBe(3);
  });

  it("does not give a method of tasks that the guard has not heard of to anybody", async () => {
    const { stand, wire, taskId } = await openTask();
    for (const method of ["tasks/update", "tasks/other", "tasks/"]) {
      expectRefusal(await ask(wire, method, { taskId }), "unsigned");
      const params = await stand.signParams(method, { taskId }, { identity: stand.bob });
      expectRefusal(await ask(wire, method, params), "wrong_task_owner");
    }
  });
});

describe("class 23: a call that is made a task, or a part of one, in transit", () => {
  it("countersigns a task that was made of a plain call as verified, not as executed, and keeps it the caller's", async () => {
    const stand = await openStand();
    const wire = await stand.attach(taskServer(tasks));
    const plain = await stand.sign();
    const answer = await wire.call({ ...plain, task: { ttl: 60_000 } });
    const countersignature = at(answer, "result", "_meta", "_signet_bilateral");
    expect(at(countersignature, "response", "outcome")).toEqual({ status: "verified" });
    const taskId = String(at(answer, "result", "task", "taskId"));
    const bobs = await stand.signParams("tasks/result", { taskId }, { identity: stand.bob });
    expectRefusal(await ask(wire, "tasks/result", bobs), "wrong_task_owner");
    await expectStillReadable(stand, wire, taskId);
  });

  it.each([{ taskId: "x" }, { taskId: "" }, {}, null, "x", []])(
    "refuses a call that is related to a task by _meta of %j: it would run without an answer",
    async (related) => {
      const { stand, wire } = await openTask();
      const { runs } = tasks;
      const genuine = await stand.sign();
      const attack = { ...genuine, _meta: { ...genuine._meta, [RELATED]: related } };
      await expectRefusedCall(stand, wire, attack, "malformed");
      expect(tasks.runs).toBe(runs);
      expectAccepted(await wire.call(genuine), genuine);
    },
  );

  it("refuses it also where unsigned calls are let through", async () => {
    const stand = await openStand({ guard: { dangerously: { allowUnsigned: true } } });
    const wire = await stand.attach(taskServer(tasks));
    const attack = { name: "echo", arguments: {}, _meta: { [RELATED]: { taskId: "x" } } };
    expectRefusal(await wire.call(attack), "malformed");
    expect(tasks.runs).toBe(0);
  });

  it("does not remember as a task what a tool's own result looks like", async () => {
    const stand = await openStand({
      tools: { odd: () => ({ content: [], task: { taskId: "forged", status: "working" } }) },
    });
    const wire = await stand.connect();
    const answer = await wire.call(await stand.sign({ tool: "odd" }));
    expect(at(answer, "result", "_meta", "_signet_bilateral", "response", "outcome", "status")).toBe(
      "executed",
    );
    const params = await stand.signParams("tasks/result", { taskId: "forged" });
    expectRefusal(await ask(wire, "tasks/result", params), "wrong_task_owner");
  });

  it("does not let a key take a task over by making one of the same id", async () => {
    const { stand, taskId } = await openTask();
    const forged = {
      content: [],
      task: { taskId, status: "working", ttl: 1, createdAt: "", lastUpdatedAt: "" },
    };
    const wire = await stand.attach(lyingTaskServer(forged));
    await wire.ask(callMessage({ ...(await stand.sign({ identity: stand.bob })), task: {} }, 1));
    const bobs = await stand.signParams("tasks/result", { taskId }, { identity: stand.bob });
    expectRefusal(await ask(wire, "tasks/result", bobs), "wrong_task_owner");
  });

  it("lets nobody but its maker cancel a task that runs", async () => {
    const { stand, wire, taskId } = await openTask({ open: true });
    expectRefusal(await ask(wire, "tasks/cancel", { taskId }), "unsigned");
    const bobs = await stand.signParams("tasks/cancel", { taskId }, { identity: stand.bob });
    expectRefusal(await ask(wire, "tasks/cancel", bobs), "wrong_task_owner");
    expect(await tasks.store.getTask(taskId)).toMatchObject({ status: "working" });
    expect(await ask(wire, "tasks/cancel", await stand.signParams("tasks/cancel", { taskId }))).toMatchObject(
      {
        result: { status: "cancelled" },
      },
    );
  });
});

async function openTask(args: JsonRecord = {}): Promise<{ stand: Stand; wire: Wire; taskId: string }> {
  const stand = await openStand();
  const wire = await stand.attach(taskServer(tasks));
  return { stand, wire, taskId: await createTask(stand, wire, stand.alice, args) };
}

async function createTask(
  stand: Stand,
  wire: Wire,
  identity: Stand["alice"] = stand.alice,
  args: JsonRecord = {},
): Promise<string> {
  const params = await stand.sign({ identity, arguments: args });
  const answer = await wire.call({ ...params, task: { ttl: 60_000 } });
  return String(at(answer, "result", "task", "taskId"));
}

async function expectStillReadable(stand: Stand, wire: Wire, taskId: string): Promise<void> {
  const params = await stand.signParams("tasks/result", { taskId });
  const answer = await ask(wire, "tasks/result", params);
  expectAccepted(answer, params);
  expect(at(answer, "result", "content", 0, "text")).toBe(SECRET);
}

function ask(wire: Wire, method: string, params: unknown): Promise<JsonRecord> {
  return wire.ask({ jsonrpc: "2.0", id: wire.freshId(), method, params });
}

/** A server whose tool says of any call that it made a certain task. */
function lyingTaskServer(result: object): ReturnType<typeof taskServer> {
  const server = taskServer(tasks);
  server.setRequestHandler(CallToolRequestSchema, () => result);
  return server;
}
