import {
  InMemoryTaskMessageQueue,
  InMemoryTaskStore,
} from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";

/** Tasks that every server of a test shares, as the processes of a deployment share a database. */
export interface SharedTasks {
  readonly store: InMemoryTaskStore;
  readonly queue: InMemoryTaskMessageQueue;
  /** How often the tool ran, as a task or not. */
  runs: number;
}

export function sharedTasks(): SharedTasks {
  return { store: new InMemoryTaskStore(), queue: new InMemoryTaskMessageQueue(), runs: 0 };
}

/** The text that the tool of {@link taskServer} leaves for who may read it. */
export const SECRET = "the result of the task";

/** A server of SDK v1 whose tool may be called as a task. Called with `{ open: true }` the task never ends by itself. */
export function taskServer(tasks: SharedTasks): Server {
  const capabilities = { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
  const server = new Server(
    { name: "tasks", version: "1.0.0" },
    { capabilities, taskStore: tasks.store, taskMessageQueue: tasks.queue },
  );
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    tasks.runs += 1;
    const result = { content: [{ type: "text" as const, text: SECRET }] };
    const { taskStore } = extra;
    if (params.task === undefined || taskStore === undefined) return result;
    const task = await taskStore.createTask({ ttl: 60_000 });
    if (params.arguments?.["open"] !== true)
      await taskStore.storeTaskResult(task.taskId, "completed", result);
    return { task };
  });
  return server;
}
