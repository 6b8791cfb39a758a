import { expect } from "vitest";
import type { Case } from "./case.js";
import { textOf } from "./observe.js";
import type { Observation } from "./observe.js";
import { postBatch } from "./raw-http.js";

/** Asks a 2026 server to send the log messages of a call. Others do so unasked. */
const WITH_LOG = { "io.modelcontextprotocol/logLevel": "debug" };

const MANY = 40;

/** What happens around a call, and between calls. */
export const TRAFFIC_CASES: readonly Case[] = [
  {
    title: "reports progress and log messages before the result",
    needs: ["progress"],
    async run({ alice }) {
      alice.trace.clear();
      const answer = await alice.call("steps", {}, { onprogress: () => undefined, meta: WITH_LOG });
      expect(textOf(answer)).toBe("stepped");
      const step = "notifications/progress";
      const log = "notifications/message";
      expect(alice.trace.kinds()).toEqual([step, step, step, log, "answer"]);
      return { answer, log: await alice.notes.take(log) };
    },
  },
  {
    title: "does not let what a tool sends late overtake its result",
    needs: ["progress"],
    async run({ alice }) {
      alice.trace.clear();
      const answer = await alice.call("straggle", {}, { onprogress: () => undefined });
      const after = await alice.call("straggled");
      expect(alice.trace.kinds().at(0)).toBe("answer");
      return { answer, after, kinds: alice.trace.kinds() };
    },
  },
  {
    title: "cancels a running tool, and goes on",
    needs: ["cancellation"],
    async run({ alice, deployment }) {
      const cancel = new AbortController();
      const arrived = deployment.cancelArrived();
      const call = await alice.call("hang", {}, { onprogress: () => cancel.abort(), signal: cancel.signal });
      expect(call.seen).toHaveProperty("error");
      await arrived;
      const after = await alice.call("hang-ended");
      expect(textOf(after)).toBe("hung 1");
      return { call: call.seen, after };
    },
  },
  {
    title: "asks the user from inside a tool",
    needs: ["questions"],
    async run({ alice }) {
      const answer = await alice.call("elicit");
      expect(textOf(answer)).toContain('"branch":"main"');
      return answer;
    },
  },
  {
    title: "asks the client's model from inside a tool",
    needs: ["questions"],
    async run({ alice }) {
      const answer = await alice.call("sample");
      expect(textOf(answer)).toContain("hello");
      return answer;
    },
  },
  {
    title: "asks in several rounds of input_required",
    needs: ["rounds"],
    async run({ alice }) {
      const answer = await alice.call("ask");
      expect(textOf(answer)).toContain("round-3 main");
      return answer;
    },
  },
  {
    title: "sends notifications that belong to no request",
    needs: ["announcements"],
    async run({ alice }) {
      const answer = await alice.call("announce");
      return { answer, note: await alice.notes.take("notifications/message") };
    },
  },
  {
    title: "tells that the list of tools changed, and runs the new one",
    needs: ["list changes"],
    async run({ alice }) {
      await alice.listen();
      const answer = await alice.call("add-tool");
      const note = await alice.notes.take("notifications/tools/list_changed");
      const added = await alice.call("added-1");
      expect(textOf(added)).toBe("this is added-1");
      return { answer, method: note.method, added };
    },
  },
  {
    title: "keeps many calls of one client apart",
    async run({ alice }) {
      const numbers = Array.from({ length: MANY }, (_, n) => String(n));
      const answers = await Promise.all(numbers.map((name) => alice.call("greet", { name })));
      expect(answers.map(nameGreeted)).toEqual(numbers);
      return answers;
    },
  },
  {
    title: "knows the caller in two calls in flight at once",
    async run({ alice }) {
      const meet = (): Promise<Observation> => alice.call("meet", { me: "alice", party: "one", guests: 2 });
      const answers = await Promise.all([meet(), meet()]);
      expect(answers.map(textOf)).toEqual(["met alice", "met alice"]);
      return answers;
    },
  },
  {
    title: "keeps two clients at once apart, callers included",
    needs: ["several clients of one server"],
    async run({ alice, deployment }) {
      const bob = await deployment.connect("bob");
      const answers = await Promise.all([
        alice.call("meet", { me: "alice", party: "two", guests: 4 }),
        bob.call("meet", { me: "bob", party: "two", guests: 4 }),
        alice.call("meet", { me: "alice", party: "two", guests: 4 }),
        bob.call("meet", { me: "bob", party: "two", guests: 4 }),
      ]);
      expect(answers.map(textOf)).toEqual(["met alice", "met bob", "met alice", "met bob"]);
      await bob.close();
      return [...answers, await alice.call("greet", { name: "alone" })];
    },
  },
  {
    title: "answers a JSON-RPC batch",
    needs: ["batches"],
    async run({ deployment }) {
      const answers = await postBatch(deployment, [
        { name: "greet", arguments: { name: "first" } },
        { name: "fail", arguments: {} },
        { name: "weather", arguments: { city: "Rome" } },
      ]);
      expect(answers.map(textOf)).toEqual([
        expect.stringContaining("first"),
        "it did not work",
        "Rome: 21.5",
      ]);
      return answers;
    },
  },
  {
    title: "runs a tool as a task",
    needs: ["tasks"],
    async run({ alice }) {
      const run = await alice.tasks?.run("long", { forever: false });
      expect(run?.steps.at(0)).toBe("taskCreated");
      expect(run?.final.seen).toHaveProperty("result.content.0.text", 'long {"forever":false}');
      return run;
    },
  },
  {
    title: "looks at, lists and cancels a task",
    needs: ["tasks"],
    async run({ alice }) {
      const states = await alice.tasks?.startAndCancel("long", { forever: true });
      expect(states).toEqual(["working", "working", true, "cancelled", true]);
      return states;
    },
  },
];

function nameGreeted(answer: Observation): unknown {
  const args: unknown = JSON.parse(textOf(answer));
  return typeof args === "object" && args !== null && "name" in args ? args.name : undefined;
}
