import { expect } from "vitest";
import type { Case } from "./case.js";
import { textOf } from "./observe.js";

/** Calls, answers and errors of every shape. */
export const TOOL_CASES: readonly Case[] = [
  {
    title: "fills in defaults and transforms arguments",
    async run({ alice }) {
      const answers = [
        await alice.call("greet", {}),
        await alice.call("greet"),
        await alice.call("greet", { name: "Ada", times: "3" }),
        await alice.call("greet", { name: "Ada", unknown: { deep: [1.5, null, "ü"] } }),
      ];
      for (const answer of answers) expect(textOf(answer)).toContain('"greeted":true');
      return answers;
    },
  },
  {
    title: "refuses arguments that do not fit the schema",
    run: ({ alice }) => alice.call("weather", { city: 5 }),
  },
  {
    title: "calls a tool without arguments",
    async run({ alice }) {
      const answers = [
        await alice.call("none"),
        await alice.call("none", {}),
        await alice.call("none", { odd: 1 }),
      ];
      for (const answer of answers) expect(textOf(answer)).toContain("none {");
      return answers;
    },
  },
  {
    title: "refuses a tool that is not there",
    run: ({ alice }) => alice.call("nothing-like-it", { a: 1 }),
  },
  {
    title: "returns structured content",
    async run({ alice }) {
      await alice.tools();
      const answer = await alice.call("weather", { city: "Oslo" });
      expect(answer.seen).toMatchObject({ result: { structuredContent: { city: "Oslo", celsius: 21.5 } } });
      return answer;
    },
  },
  {
    title: "returns structured content that is an array",
    needs: ["array results"],
    async run({ alice }) {
      const answer = await alice.call("numbers");
      expect(answer.seen).toHaveProperty("result.structuredContent");
      return answer;
    },
  },
  {
    title: "returns content of every kind, and _meta of the tool's own",
    async run({ alice }) {
      const answer = await alice.call("rich");
      expect(answer.seen).toHaveProperty(["result", "_meta", "example.com/kept"]);
      return answer;
    },
  },
  {
    title: "returns an error result",
    async run({ alice }) {
      const answer = await alice.call("fail");
      expect(answer.seen).toHaveProperty("result.isError", true);
      return answer;
    },
  },
  {
    title: "answers for a tool that throws",
    async run({ alice }) {
      const answers = [
        await alice.call("boom"),
        await alice.call("boom-code"),
        await alice.call("boom-data"),
      ];
      for (const answer of answers) expect(textOf(answer)).toMatch(/boom|data/);
      return answers;
    },
  },
  {
    title: "returns a result of a megabyte for arguments of 40 kB",
    async run({ alice }) {
      const answer = await alice.call("big", { padding: "ä".repeat(20_000) });
      expect(textOf(answer)).toHaveLength(512 * 1024 + 5);
      return answer;
    },
  },
  {
    title: "leaves resources, prompts and ping alone",
    async run({ alice }) {
      const answers = await alice.everythingElse();
      expect(answers).toContainEqual(expect.objectContaining({ contents: expect.any(Array) }));
      return answers;
    },
  },
  {
    title: "lists its tools page by page",
    needs: ["pages"],
    async run({ alice }) {
      const pages = [await alice.tools()];
      for (let cursor = pages[0]?.nextCursor; cursor !== undefined;) {
        const page = await alice.tools(cursor);
        pages.push(page);
        cursor = page.nextCursor;
      }
      expect(pages.length).toBeGreaterThan(1);
      return pages;
    },
  },
];
