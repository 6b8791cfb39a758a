import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { query } from "../../src/audit/read/query.js";
import type { QueryOptions } from "../../src/audit/read/query-options.js";
import { AuditLogError, OptionError } from "../../src/errors.js";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "signet-query-"));
});
afterEach(() => rm(dir, { recursive: true }));

const HASH = `sha256:${"0".repeat(64)}`;

function lineOf(receipt: object): string {
  return `${JSON.stringify({ receipt, prev_hash: HASH, record_hash: HASH })}\n`;
}

/** An intent of a minute of 2026-11-10. */
function intent(minute: number, tool = "read", signer = "alice"): object {
  return {
    v: 1,
    id: `rec_${minute}`,
    ts: `2026-11-10T00:${String(minute).padStart(2, "0")}:00.000Z`,
    action: { tool, target: "mcp://here" },
    signer: { name: signer, pubkey: `ed25519:${signer}` },
  };
}

async function ids(options: QueryOptions = {}): Promise<(string | undefined)[]> {
  const found = [];
  for await (const { summary } of query(dir, options)) found.push(summary.id ?? summary.kind);
  return found;
}

async function places(options: QueryOptions = {}): Promise<string[]> {
  const found = [];
  for await (const { place } of query(dir, options)) found.push(`${place.file}:${place.line}`);
  return found;
}

const DAY = "2026-11-10.jsonl";

describe("a query", () => {
  it("reads the golden log in either order, with places", async () => {
    await cp("test/vectors/home/audit", dir, { recursive: true });
    const oldest = await places();
    expect(oldest).toHaveLength(7);
    expect(oldest[0]).toBe("2026-03-01.jsonl:1");
    expect(await places({ order: "newest" })).toEqual(oldest.toReversed());
    expect(await ids({ outcome: "deny" })).toEqual(["policy_violation"]);
  });

  it("gives the record as it stands, and its summary", async () => {
    await writeFile(join(dir, DAY), lineOf(intent(1)));
    for await (const entry of query(dir)) {
      expect(entry.record).toEqual({ receipt: intent(1), prev_hash: HASH, record_hash: HASH });
      expect(entry.summary).toMatchObject({
        kind: "intent",
        tool: "read",
        tsMs: Date.UTC(2026, 10, 10, 0, 1),
      });
    }
  });

  it("takes since as included and until as not", async () => {
    await writeFile(join(dir, DAY), [1, 2, 3, 4].map((minute) => lineOf(intent(minute))).join(""));
    const since = "2026-11-10T00:02:00Z";
    const until = new Date("2026-11-10T00:04:00Z");
    expect(await ids({ since, until })).toEqual(["rec_2", "rec_3"]);
    expect(await ids({ since: Date.parse(since), until })).toEqual(["rec_2", "rec_3"]);
  });

  it.each([
    ["60s", ["rec_3", "rec_4"]],
    ["2m", ["rec_2", "rec_3", "rec_4"]],
    ["1h", ["rec_1", "rec_2", "rec_3", "rec_4"]],
    ["7d", ["rec_1", "rec_2", "rec_3", "rec_4"]],
    ["1w", ["rec_1", "rec_2", "rec_3", "rec_4"]],
  ])("takes %s as before now", async (since, expected) => {
    await writeFile(join(dir, DAY), [1, 2, 3, 4].map((minute) => lineOf(intent(minute))).join(""));
    expect(await ids({ since, clock: () => Date.UTC(2026, 10, 10, 0, 4) })).toEqual(expected);
  });

  it("finds tools by pattern, and signers by name or key", async () => {
    const lines = [intent(1, "read_file"), intent(2, "write_file", "bob"), intent(3, "read_*")];
    await writeFile(join(dir, DAY), lines.map(lineOf).join(""));
    expect(await ids({ tool: "read_file" })).toEqual(["rec_1"]);
    expect(await ids({ tool: "*_file" })).toEqual(["rec_1", "rec_2"]);
    expect(await ids({ signer: "bob" })).toEqual(["rec_2"]);
    expect(await ids({ signer: "ed25519:bob" })).toEqual(["rec_2"]);
    expect(await ids({ signer: "bo*" })).toEqual([]);
  });

  it("finds refusals by code, one by one and in sum", async () => {
    const rejected = {
      v: 3,
      id: "rec_9",
      agent_receipt: intent(1),
      response: { outcome: { status: "rejected", reason: "replayed" } },
      ts_response: "2026-11-10T00:01:00Z",
    };
    const refusals = {
      type: "refusals",
      ts: "2026-11-10T00:02:00Z",
      counts: [{ code: "replayed", count: 7, signer: "carol" }],
    };
    await writeFile(join(dir, DAY), [rejected, refusals, intent(3)].map(lineOf).join(""));
    expect(await ids({ code: "replayed" })).toEqual(["rec_9", "refusals"]);
    expect(await ids({ code: "replayed", signer: "carol" })).toEqual(["refusals"]);
    expect(await ids({ outcome: "rejected" })).toEqual(["rec_9"]);
    expect(await ids({ code: "unsigned" })).toEqual([]);
  });

  it("stops at the limit, and newest first opens no older day", async () => {
    await mkdir(join(dir, "2026-11-09.jsonl"));
    await writeFile(join(dir, DAY), [1, 2, 3].map((minute) => lineOf(intent(minute))).join(""));
    const told: string[] = [];
    const onUnreadable = (place: { file: string }, code: string): void =>
      void told.push(`${place.file} ${code}`);
    expect(await ids({ order: "newest", limit: 2, onUnreadable })).toEqual(["rec_3", "rec_2"]);
    expect(told).toEqual([]);
    expect(await ids({ order: "oldest", limit: 2, onUnreadable })).toEqual(["rec_1", "rec_2"]);
    expect(told).toEqual(["2026-11-09.jsonl file_unreadable"]);
  });

  it("does not open days that end more than two days before since", async () => {
    await mkdir(join(dir, "2026-11-06.jsonl"));
    await mkdir(join(dir, "2026-11-07.jsonl"));
    await writeFile(join(dir, DAY), lineOf(intent(1)));
    const told: string[] = [];
    const since = "2026-11-10T00:00:00Z";
    await ids({ since, onUnreadable: ({ file }) => void told.push(file) });
    expect(told).toEqual(["2026-11-07.jsonl"]);
  });

  it.each(["oldest", "newest"] as const)(
    "passes over and tells what is no record, %s first",
    async (order) => {
      const bad = [
        Buffer.from("{\n"),
        Buffer.from([0xff, 0x0a]),
        Buffer.from(`${JSON.stringify({ receipt: {}, prev_hash: HASH })}\n`),
        Buffer.alloc(8_388_609, 0x20),
        Buffer.from("\n"),
      ];
      await writeFile(
        join(dir, "2026-11-09.jsonl"),
        Buffer.concat([...bad, Buffer.from(lineOf(intent(1)).trim())]),
      );
      await writeFile(join(dir, DAY), Buffer.concat([Buffer.from(lineOf(intent(2))), Buffer.from("{")]));
      const told: string[] = [];
      const onUnreadable: QueryOptions["onUnreadable"] = ({ line }, code) =>
        void told.push(`${line} ${code}`);
      expect(await ids({ order, onUnreadable })).toEqual(["rec_2"]);
      const expected = ["1 not_json", "2 not_utf8", "3 record_malformed", "4 line_too_long", "5 torn_line"];
      expect(told).toEqual(order === "oldest" ? expected : expected.toReversed());
    },
  );

  it.each(["oldest", "newest"] as const)("reads compressed days, %s first", async (order) => {
    await writeFile(
      join(dir, "2026-11-10.jsonl.gz"),
      gzipSync([1, 2, 3].map((minute) => lineOf(intent(minute))).join("")),
    );
    const expected = [1, 2, 3].map((line) => `2026-11-10.jsonl.gz:${line}`);
    expect(await places({ order })).toEqual(order === "oldest" ? expected : expected.toReversed());
  });

  it("tells of a damaged compressed day, and goes on with what was before", async () => {
    const whole = gzipSync(
      Array.from({ length: 5000 }, (_, at) => lineOf({ ...intent(1), n: Math.sin(at) })).join(""),
    );
    await writeFile(join(dir, "2026-11-09.jsonl.gz"), whole.subarray(0, whole.length / 2));
    await writeFile(join(dir, DAY), lineOf(intent(2)));
    const told: string[] = [];
    const found = await ids({ onUnreadable: (_, code) => void told.push(code) });
    expect(told).toEqual(["gzip_damaged"]);
    expect(found.length).toBeGreaterThan(100);
    expect(found.at(-1)).toBe("rec_2");
  });

  it("of a directory that is not there is an error", async () => {
    const failure: unknown = await query(join(dir, "none"))
      .next()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AuditLogError);
    expect(failure).toMatchObject({ code: "audit_not_found" });
  });
});

describe("the options of a query", () => {
  it.each([
    [{ since: "yesterday" }, "options.since"],
    [{ since: "24 h" }, "options.since"],
    [{ since: Number.NaN }, "options.since"],
    [{ until: new Date("x") }, "options.until"],
    [{ limit: 0 }, "options.limit"],
    [{ limit: 1.5 }, "options.limit"],
    [{ tool: 1 }, "options.tool"],
    [{ order: "latest" }, "options.order"],
    [{ onUnreadable: true }, "options.onUnreadable"],
    [{ signers: "x" }, "options.signers"],
  ])("%j is refused by name", (options, name) => {
    let error: unknown;
    try {
      query(dir, options as QueryOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(OptionError);
    expect((error as OptionError).option).toBe(name);
  });
});
