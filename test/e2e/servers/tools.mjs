import * as z from "zod";

/**
 * The tools of the matrix, written once and registered by each of the four servers.
 *
 * `run(args, io, state)` gets what the SDK hands to a handler and an {@link file://./types.d.mts `Io`}, which
 * hides how the SDK reports progress, asks the client and so on.
 */

const text = (value) => ({ content: [{ type: "text", text: value }] });

const MEGABYTE = 1024 * 1024;

export const TOOLS = [
  {
    name: "greet",
    input: z.object({ name: z.string().default("world"), times: z.string().transform(Number).optional() }),
    run(args) {
      // Handlers write to their arguments: what was verified must not be what they write to.
      args.greeted = true;
      return text(JSON.stringify(args));
    },
  },
  { name: "none", run: (args) => text(`none ${JSON.stringify(args)}`) },
  {
    name: "weather",
    input: z.object({ city: z.string() }),
    output: z.object({ city: z.string(), celsius: z.number() }),
    run: ({ city }) => ({
      content: [{ type: "text", text: `${city}: 21.5` }],
      structuredContent: { city, celsius: 21.5 },
    }),
  },
  {
    name: "numbers",
    sdks: ["v2"],
    output: z.array(z.number()),
    run: () => ({ structuredContent: [1, 2, 3], content: [] }),
  },
  { name: "fail", run: () => ({ ...text("it did not work"), isError: true }) },
  {
    name: "boom",
    run() {
      throw new Error("boom");
    },
  },
  {
    name: "boom-code",
    run(_args, io) {
      throw io.protocolError(-32050, "no data");
    },
  },
  {
    name: "boom-data",
    run(_args, io) {
      throw io.protocolError(-32051, "with data", { why: "because" });
    },
  },
  {
    name: "rich",
    run: () => ({
      content: [
        { type: "text", text: "Grüße, 世界 👋", annotations: { audience: ["user"], priority: 0.5 } },
        { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" },
        { type: "resource", resource: { uri: "test://note", mimeType: "text/plain", text: "a note" } },
        { type: "resource_link", uri: "test://note", name: "note" },
        { type: "text", text: "odd", unknownMember: true },
      ],
      _meta: { "example.com/kept": { n: 1.5, list: [null, true, ""] } },
    }),
  },
  {
    name: "steps",
    async run(_args, io) {
      for (const step of [1, 2, 3]) await io.progress(step, 3);
      await io.log("all steps done");
      return text("stepped");
    },
  },
  {
    name: "straggle",
    run(_args, io, state) {
      // Where the answer ended the stream, the SDK refuses to send any more on it.
      const late = () => io.progress(1, 1).catch(() => undefined);
      setImmediate(() => void late().then(state.straggle));
      return text("back before my progress");
    },
  },
  {
    name: "straggled",
    async run(_args, _io, state) {
      await state.straggled;
      return text("progress sent");
    },
  },
  {
    name: "hang",
    async run(_args, io, state) {
      state.hanging += 1;
      const aborted = new Promise((resolve) => {
        io.signal.addEventListener("abort", () => resolve(undefined), { once: true });
      });
      await io.progress(1, 1);
      await aborted;
      state.abort();
      return text("too late");
    },
  },
  {
    name: "hang-ended",
    async run(_args, _io, state) {
      await state.aborted;
      return text(`hung ${String(state.hanging)}`);
    },
  },
  { name: "hang-count", run: (_args, _io, state) => text(String(state.hanging)) },
  {
    name: "elicit",
    async run(_args, io) {
      const answer = await io.elicit({
        message: "Which branch?",
        requestedSchema: { type: "object", properties: { branch: { type: "string" } }, required: ["branch"] },
      });
      return text(`elicited ${JSON.stringify(answer)}`);
    },
  },
  {
    name: "sample",
    async run(_args, io) {
      const { role, content } = await io.sample({
        messages: [{ role: "user", content: { type: "text", text: "Say hello" } }],
        maxTokens: 10,
      });
      return text(`sampled ${JSON.stringify({ role, content })}`);
    },
  },
  { name: "ask", sdks: ["v2"], run: (_args, io) => io.askInRounds() },
  {
    name: "announce",
    async run(_args, io) {
      await io.announce("to whom it may concern");
      return text("announced");
    },
  },
  {
    name: "add-tool",
    async run(_args, io, state) {
      await io.addTool(`added-${String(state.added.length + 1)}`);
      return text("added");
    },
  },
  {
    name: "big",
    input: z.object({ padding: z.string().default("") }),
    run: ({ padding = "" }) => text("ö".repeat(MEGABYTE / 2) + String(padding.length)),
  },
  {
    name: "meet",
    input: z.object({ me: z.string(), party: z.string(), guests: z.number() }),
    async run({ me, party, guests }, _io, state) {
      const before = state.caller();
      await state.gather(party, guests);
      const after = state.caller();
      const expected = state.guarded ? me : undefined;
      return before === expected && after === expected
        ? text(`met ${me}`)
        : { ...text(`${me} saw ${String(before)} and then ${String(after)}`), isError: true };
    },
  },
];

/** The tools that a server on this SDK has, with those that `add-tool` added. */
export function toolsFor(sdk, state) {
  const fixed = TOOLS.filter((tool) => tool.sdks === undefined || tool.sdks.includes(sdk));
  return [...fixed, ...state.added.map(addedTool)];
}

export function addedTool(name) {
  return { name, run: () => text(`this is ${name}`) };
}

/** A tool as `tools/list` shows it, for servers that write their list themselves. */
export function listing(tool) {
  const inputSchema =
    tool.input === undefined ? { type: "object" } : z.toJSONSchema(tool.input, { io: "input" });
  return tool.output === undefined
    ? { name: tool.name, inputSchema }
    : { name: tool.name, inputSchema, outputSchema: z.toJSONSchema(tool.output) };
}

/** What the low-level servers answer to `tools/list`: pages of seven. */
export function page(tools, cursor) {
  const size = 7;
  const start = cursor === undefined ? 0 : Number(cursor);
  const end = start + size;
  const shown = tools.slice(start, end).map(listing);
  return end < tools.length ? { tools: shown, nextCursor: String(end) } : { tools: shown };
}

export const RESOURCE = {
  uri: "test://note",
  name: "note",
  read: () => ({ contents: [{ uri: "test://note", mimeType: "text/plain", text: "a note" }] }),
};

export const PROMPT = {
  name: "review",
  get: (code) => ({ messages: [{ role: "user", content: { type: "text", text: `Review ${code}` } }] }),
};
