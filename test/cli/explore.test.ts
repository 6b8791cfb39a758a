import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { registryText, writeCalls } from "../audit/support/evidence.js";
import { answered, chain, intent, textOf, writeDays } from "../audit/support/sample-log.js";
import { newDirectory, pathWithSignet, signet, skippedWithout, Terminal } from "./support-terminal.js";

let home: string;
let audit: string;

beforeEach(() => {
  home = newDirectory();
  audit = join(home, "audit");
  mkdirSync(audit);
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const DAY = "2026-11-10";

/** Two calls and their ends, and an intent on the day after. */
function writeSample(): void {
  const [first, second] = [intent(1), intent(2, { tool: "write_file" })];
  const outcome = { status: "rejected", reason: "out_of_scope" } as const;
  writeDays(audit, {
    [DAY]: [first, answered(first), second, answered(second, { outcome })],
    "2026-11-11": [intent(86_400, { tool: "list_files" })],
  });
}

/** Changes one byte of a log. */
function changeByte(from: string, to: string): void {
  const file = join(audit, `${DAY}.jsonl`);
  writeFileSync(file, readFileSync(file, "utf8").replace(from, to));
}

const HOSTILE = "evil\u001b]2;pwned\u0007\u001b[2J\u009b31m\u202etab\there";

function writeHostile(): void {
  const receipt = { ...intent(1), action: { ...intent(1).action, tool: HOSTILE } };
  writeFileSync(join(audit, `${DAY}.jsonl`), textOf(chain([receipt])));
}

interface Shown {
  readonly place: { readonly file: string; readonly line: number };
  readonly receipt: { readonly action: { readonly tool: string } };
  readonly verification: {
    readonly ok: boolean;
    readonly checks: readonly { readonly what: string; readonly result: string; readonly detail: string }[];
    readonly findings: readonly { readonly code: string }[];
  };
}

function shownAsJson(...args: readonly string[]): readonly Shown[] {
  return JSON.parse(signet(home, "explore", "--json", ...args).out) as Shown[];
}

function resultsOf({ verification }: Shown | undefined = noneShown()): object {
  return Object.fromEntries(verification.checks.map(({ what, result }) => [what, result]));
}

function noneShown(): never {
  throw new Error("there is no such record");
}

describe("signet explore without a terminal", () => {
  it("prints a line for each record, the newest first, in columns without tabs", () => {
    writeSample();
    const { code, out } = signet(home, "explore");
    expect(out).toBe(`TIME                 SIGNER  TOOL        TARGET       OUTCOME                VERIFIED
2026-11-11 12:00:00  alice   list_files  mcp://files  intent                 holds
2026-11-10 12:00:02  alice   write_file  mcp://files  rejected out_of_scope  holds
2026-11-10 12:00:02  alice   write_file  mcp://files  intent                 holds
2026-11-10 12:00:01  alice   read_file   mcp://files  executed               holds
2026-11-10 12:00:01  alice   read_file   mcp://files  intent                 holds
`);
    expect(code).toBe(0);
  });

  it("prints the records that the flags choose, and of more than --limit the newest", () => {
    writeSample();
    const tools = (...args: readonly string[]): readonly string[] =>
      signet(home, "explore", ...args)
        .out.split("\n")
        .slice(1, -1)
        .map((line) => line.split(/ {2,}/)[2] ?? "");
    expect(tools("--limit", "2")).toEqual(["list_files", "write_file"]);
    expect(tools("--tool", "read")).toEqual(["read_file", "read_file"]);
    expect(tools("--outcome", "rejected")).toEqual(["write_file"]);
    expect(tools("--since", "2026-11-11")).toEqual(["list_files"]);
    expect(tools("--until", "2026-11-10T12:00:02Z")).toEqual(["read_file", "read_file"]);
    expect(tools("--signer", "bob")).toEqual([]);
    expect(signet(home, "explore", "--limit", "none").code).toBe(2);
  });

  it("verifies each record, over the end of a day too, and says it as JSON", () => {
    writeSample();
    const [newest, rejected, , , first] = shownAsJson();
    const signed = { record_hash: "holds", prev_hash: "holds", params: "holds", keys: "open" };
    expect(resultsOf(newest)).toEqual({ ...signed, signature: "holds", "next record": "open" });
    expect(resultsOf(rejected)).toEqual({
      ...signed,
      "agent's signature": "holds",
      countersignature: "holds",
      "next record": "holds",
    });
    expect(resultsOf(first)).toEqual({ ...signed, signature: "holds", "next record": "holds" });
    expect(first?.verification.checks[1]?.detail).toBe("the chain begins here");
  });

  it("says whether a registry vouches for the keys", async () => {
    await writeCalls(audit, 1);
    const trusted = join(home, "trusted.json");
    const barred = join(home, "barred.json");
    writeFileSync(trusted, registryText());
    writeFileSync(barred, registryText({ status: "revoked", revoked_at: "2026-11-02T00:00:00Z" }));
    expect(shownAsJson("--trust-bundle", trusted).map((one) => resultsOf(one))).toMatchObject([
      { keys: "holds" },
      { keys: "holds" },
    ]);
    const [answer] = shownAsJson("--trust-bundle", barred);
    expect(resultsOf(answer)).toMatchObject({ keys: "fails", countersignature: "holds" });
    expect(answer?.verification.findings.map(({ code }) => code)).toEqual(["key_revoked"]);
    expect(signet(home, "explore", "--trust-bundle", barred).code).toBe(1);
    expect(signet(home, "explore", "--trust-bundle", join(home, "none.json")).code).toBe(2);
  });

  it("shows a changed byte at its record, and not at the others", () => {
    writeSample();
    changeByte('"tool":"write_file"', '"tool":"wrote_file"');
    const shown = shownAsJson();
    expect(shown.map(({ verification }) => verification.ok)).toEqual([true, true, false, true, true]);
    expect(resultsOf(shown[2])).toMatchObject({
      record_hash: "fails",
      signature: "fails",
      prev_hash: "holds",
      "next record": "holds",
      params: "holds",
    });
    const { code, out } = signet(home, "explore");
    expect(code).toBe(1);
    expect(out).toContain(
      "wrote_file  mcp://files  intent                 fails: hash_mismatch, bad_signature",
    );
  });

  it("shows a record that was taken out at both of its neighbours", () => {
    writeSample();
    const file = join(audit, `${DAY}.jsonl`);
    const lines = readFileSync(file, "utf8").split("\n");
    writeFileSync(file, lines.toSpliced(2, 1).join("\n"));
    const shown = shownAsJson();
    expect(shown.map((one) => resultsOf(one))).toMatchObject([
      { prev_hash: "holds" },
      { prev_hash: "fails", "next record": "holds" },
      { prev_hash: "holds", "next record": "fails" },
      { prev_hash: "holds" },
    ]);
  });

  it("shows that a day before is missing, and what is next to a line that is no record", () => {
    writeSample();
    changeByte('{"receipt":', "x");
    const { err } = signet(home, "explore");
    expect(err).toContain("cannot be read");
    expect(resultsOf(shownAsJson().at(-1))).toMatchObject({ prev_hash: "open" });
    rmSync(join(audit, `${DAY}.jsonl`));
    expect(resultsOf(shownAsJson()[0])).toMatchObject({ prev_hash: "fails" });
  });

  it("says of params that are encrypted or only hashed that they cannot be told", () => {
    const golden = new URL("../vectors/home", import.meta.url).pathname;
    const kinds = (JSON.parse(signet(golden, "explore", "--json").out) as Shown[]).map((one) =>
      resultsOf(one),
    );
    expect(kinds.some((one) => "params" in one && one.params === "holds")).toBe(true);
    expect(kinds.some((one) => "params" in one && one.params === "open")).toBe(true);
    expect(kinds.some((one) => !("params" in one) && "signature" in one && one.signature === "open")).toBe(
      true,
    );
  });

  it("lets no escape of the log through", () => {
    writeHostile();
    for (const args of [[], ["--json"]]) {
      const { out } = signet(home, "explore", ...args);
      // oxlint-disable-next-line no-control-regex -- these are what is looked for
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    expect(shownAsJson()[0]?.receipt.action.tool).toBe(HOSTILE);
  });

  it("says in a sentence what to run where there is no record", () => {
    expect(signet(home, "explore")).toMatchObject({ code: 0, out: "" });
    expect(signet(home, "explore").err).toMatch(/^There is no record in .*: signet sign .*\n$/);
    rmSync(audit, { recursive: true });
    expect(signet(home, "explore").err).toMatch(/^There is no record in .*: signet sign .*\n$/);
    expect(signet(home, "explore", "--json")).toMatchObject({ code: 0, out: "[]\n" });
    mkdirSync(audit);
    writeSample();
    expect(signet(home, "explore", "--tool", "none").err).toMatch(/^No record .* without --tool\.\n$/);
  });

  it("does not take a home for a log", () => {
    mkdirSync(join(home, "keys"));
    expect(signet(home, "explore", "--dir", home).code).toBe(2);
  });
});

const SKIPPED = skippedWithout("tmux");

describe.skipIf(SKIPPED !== "")(`signet explore in a terminal${SKIPPED}`, () => {
  let terminal: Terminal;

  function open(command: string, columns: number = 100): void {
    const bin = join(home, "bin");
    mkdirSync(bin);
    const env = { PATH: pathWithSignet(bin), SIGNET_HOME: home, TERM: "xterm-256color", LC_ALL: "C.UTF-8" };
    terminal = new Terminal(["bash", "--norc", "--noprofile"], env, { columns, rows: 40 });
    terminal.type(command);
    terminal.press("Enter");
  }

  afterEach(() => {
    terminal.close();
  });

  /** Waits for the shell, and asks it how the command ended and the terminal is. */
  async function expectOrder(status: number = 0): Promise<void> {
    await terminal.sees(/READY\$$/);
    terminal.clear();
    terminal.type('echo "status $?: $(stty -a | grep -o "[ -]icanon\\|[ -]echo ")"');
    terminal.press("Enter");
    expect(await terminal.sees(/^status \d+:/m)).toMatch(
      new RegExp(`^status ${status}:  icanon\n echo$`, "m"),
    );
    expect(terminal.fact("cursor_flag")).toBe("1");
  }

  it("lists, filters, opens a record whole with what was verified of it, and goes back", async () => {
    writeSample();
    open("signet explore");
    const list = await terminal.sees(/to search/);
    expect(list.split("\n").slice(1).join("\n")).toBe(`│
◆    TIME                 SIGNER  TOOL        TARGET       OUTCOME
│
│  Search: _
│  ● 2026-11-11 12:00:00  alice   list_files  mcp://files  intent
│  ○ 2026-11-10 12:00:02  alice   write_file  mcp://files  rejected out_of_scope
│  ○ 2026-11-10 12:00:02  alice   write_file  mcp://files  intent
│  ○ 2026-11-10 12:00:01  alice   read_file   mcp://files  executed
│  ○ 2026-11-10 12:00:01  alice   read_file   mcp://files  intent
│  ↑/↓ to select • Enter: confirm • Type: to search
└`);
    terminal.type("files write");
    expect(await terminal.sees(/2 matches/)).not.toContain("read_file");
    terminal.press("Down");
    await terminal.sees(/● .*write_file .*intent/);
    terminal.press("Enter");
    const record = await terminal.sees(/to navigate/);
    expect(normal(record).split("\n").slice(4).join("\n")).toBe(`
2026-11-10.jsonl:3, intent

{
  "action": {
    "params": {
      "path": "/file/2"
    },
    "params_hash": "sha256:…",
    "target": "mcp://files",
    "tool": "write_file",
    "transport": "test"
  },
  "id": "rec_…",
  "nonce": "rnd_…",
  "sig": "ed25519:…",
  "signer": {
    "name": "alice",
    "owner": "test",
    "pubkey": "ed25519:…"
  },
  "ts": "2026-11-10T12:00:02.000Z",
  "v": 1
}
prev_hash    sha256:…
record_hash  sha256:…

│
◇  Nothing is wrong with this record ─╮
│  ok     record_hash: recomputed: it is the hash of the record │
│  ok     prev_hash: it is the hash of the record before │
│  ok     next record: it follows this one │
│  ok     signature: it holds under the key that the receipt names │
│  ok     params: params_hash is their hash │
│  -      keys: nobody vouches for the keys (agent alice │
│  ed25519:…): give the registry by --trust-bundle │
│  FILE │
├─╯
│
◆  Go on
│  ● Back to the list
│  ○ Same call: 2026-11-10 12:00:02  alice  write_file  mcp://files  rejected out_of_scope
│  ○ Previous: 2026-11-10 12:00:01  alice  read_file  mcp://files  executed
│  ○ Next: 2026-11-10 12:00:02  alice  write_file  mcp://files  rejected out_of_scope
│  ○ Quit
│  ↑/↓ to navigate • Enter: confirm
└`);
    terminal.clear();
    terminal.press("Escape");
    expect(await terminal.sees(/2 matches/)).toMatch(/● .*write_file .*intent/);
    terminal.press("Escape");
    await expectOrder();
  });

  it("goes from an intent to how it ended, with both signatures, and on to the record before", async () => {
    await writeCalls(audit, 2);
    const registry = join(home, "registry.json");
    writeFileSync(registry, registryText());
    open(`signet explore --trust-bundle ${registry} --tool write`);
    await terminal.sees(/to search/);
    terminal.press("Down");
    await terminal.sees(/● .*intent/);
    terminal.press("Enter");
    await terminal.sees(/to navigate/);
    terminal.press("Down");
    await terminal.sees(/● Same call/);
    terminal.clear();
    terminal.press("Enter");
    const answer = await terminal.sees(/to navigate/);
    expect(answer).toContain(":4, countersigned");
    expect(answer).toContain("ok     agent's signature: it holds");
    expect(answer).toContain("ok     countersignature: it holds");
    expect(answer).toContain("ok     keys: tb_evidence vouches for them as of then: agent bot");
    terminal.press("Down", "Down");
    await terminal.sees(/● Previous/);
    terminal.clear();
    terminal.press("Enter");
    expect(await terminal.sees(/to navigate/)).toContain(":3, intent");
    terminal.press("Up");
    await terminal.sees(/● Quit/);
    terminal.press("Enter");
    await expectOrder();
  });

  it("finds how a call ended where the flags leave that out", async () => {
    writeSample();
    open("signet explore --outcome rejected");
    await terminal.sees(/to search/);
    terminal.press("Enter");
    expect(await terminal.sees(/to navigate/)).toMatch(/Same call: .*write_file .*intent/);
  });

  it("shows what is wrong with a record that was changed", async () => {
    writeSample();
    changeByte('"tool":"write_file"', '"tool":"wrote_file"');
    open("signet explore --tool wrote");
    await terminal.sees(/to search/);
    terminal.press("Enter");
    const record = await terminal.sees(/to navigate/);
    expect(record).toContain("This record does not hold");
    expect(record).toContain("FAILS  record_hash: hash_mismatch");
    expect(record).toContain("FAILS  signature: bad_signature");
    terminal.press("C-c");
    await expectOrder();
  });

  it("lets no escape of the log reach the terminal", async () => {
    writeHostile();
    open("signet explore", 160);
    expect(await terminal.sees(/to search/)).toContain(
      "evil\\u001b]2;pwned\\u0007\\u001b[2J\\u009b31m\\u202etab",
    );
    terminal.press("Enter");
    expect(await terminal.sees(/to navigate/)).toContain("2026-11-10.jsonl:1, intent");
    expect(terminal.fact("pane_title")).not.toContain("pwned");
    terminal.press("C-c");
    await expectOrder();
  });

  it("cuts the columns to a narrow terminal", async () => {
    writeSample();
    open("signet explore", 60);
    const list = await terminal.sees(/to search/);
    const rows = list.split("\n").filter((line) => /^│ {2}[●○]/.test(line));
    expect(rows).toHaveLength(5);
    for (const row of rows) expect(row).toMatch(/^.{1,60}$/);
    expect(list).toContain("…");
  });

  it.each(["Escape", "C-c", "C-d"])(
    "ends on %s in the list, and leaves the terminal in order",
    async (key) => {
      writeSample();
      open("signet explore");
      await terminal.sees(/to search/);
      terminal.press(key);
      await terminal.sees(/\$$/);
      await expectOrder();
    },
  );

  it("stays where it is when nothing matches", async () => {
    writeSample();
    open("signet explore");
    await terminal.sees(/to search/);
    terminal.type("nothing");
    await terminal.sees(/No matches found/);
    terminal.clear();
    terminal.press("Enter");
    await terminal.sees(/● .*list_files/);
    terminal.press("C-c");
    await expectOrder();
  });

  it("leaves the terminal in order when it is told to end", async () => {
    writeSample();
    const file = join(home, "pid");
    open(`sh -c 'echo $$ > ${file}; exec signet explore'`);
    await terminal.sees(/to search/);
    process.kill(Number(readFileSync(file, "utf8")), "SIGTERM");
    await expectOrder(143);
  });
});

/** Puts one text for what is another in every run, and for frames. */
function normal(screen: string): string {
  return screen
    .replace(/\b(rec|rnd)_[0-9a-f]+/g, "$1_…")
    .replace(/sha256:[0-9a-f]{64}/g, "sha256:…")
    .replace(/ed25519:[A-Za-z0-9+/=]{20,}/g, "ed25519:…")
    .replace(/─+/g, "─")
    .replace(/ +│$/gm, " │")
    .replace(/^│ +│\n/gm, "");
}
