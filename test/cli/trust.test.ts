import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { openTrustRegistry } from "../../src/trust/open.js";
import { signet, signetJson, temporaryFolder } from "./support.js";

const SAMPLE = fileURLToPath(new URL("../../config/registry.yaml", import.meta.url));

let home: string;
let file: string;
beforeEach(async () => {
  home = join(temporaryFolder(), "home");
  file = join(temporaryFolder(), "registry.yaml");
  cpSync(SAMPLE, file);
  await signet(home, [
    "identity",
    "generate",
    "--name",
    "bot",
    "--owner",
    "acme",
    "--principal",
    "agent://acme/bot",
    "--unencrypted",
  ]);
});

const lines = (): string[] => readFileSync(file, "utf8").split("\n");

/** Lines that a change took out, and put in. */
async function changed(...args: string[]): Promise<{ out: string[]; in: string[] }> {
  const before = lines();
  const run = await signet(home, ["trust", ...args]);
  expect(run).toMatchObject({ code: 0, out: "" });
  const after = lines();
  return {
    out: before.filter((line) => !after.includes(line)),
    in: after.filter((line) => !before.includes(line)),
  };
}

describe("signet trust", () => {
  it("shows a registry, and who is trusted now", async () => {
    const inspect = await signet(home, ["trust", "inspect", file]);
    expect(inspect.out).toMatch(/Bundle: tb_sample\n/);
    expect(inspect.out).toMatch(/agents: 4, active 3\n/);
    const list = await signet(home, ["trust", "list", file, "--section", "agents", "--active-only"]);
    expect(list.out.trim().split("\n")).toHaveLength(4);
    expect(await signetJson(home, ["trust", "list", file, "--section", "servers"])).toMatchObject([
      { section: "servers", id: "github-mcp-1", status: "active" },
    ]);
  });

  it("adds a key of the keystore with nothing but its name, and keeps the file", async () => {
    const { out } = await signet(home, ["identity", "export", "--name", "bot", "--format", "text"]);
    const change = await changed(
      "add",
      file,
      "--name",
      "bot",
      "--tools",
      "github_*",
      "read",
      "--expires",
      "90d",
    );
    expect(change.out).toEqual([expect.stringMatching(/^generated_at:/)]);
    const [entry] = (await signetJson<object[]>(home, ["trust", "list", file])).filter(
      (one) => "id" in one && one.id === "bot",
    );
    expect(entry).toMatchObject({
      name: "bot",
      owner: "acme",
      principal: "agent://acme/bot",
      pubkey: out.trim(),
      tools: ["github_*", "read"],
      status: "active",
    });
  });

  it("disables, revokes and rotates, and keeps the rest of the file", async () => {
    await changed("disable", file, "--id", "triage-bot-1");
    await changed("revoke", file, "--id", "deploy-bot-1");
    await changed(
      "rotate",
      file,
      "--id",
      "deploy-bot-2",
      "--new-id",
      "deploy-bot-3",
      "--new-pubkey",
      "bot",
      "--overlap-until",
      "7d",
    );
    const entries = await signetJson<{ id: string; status: string; tools?: string[] }[]>(home, [
      "trust",
      "list",
      file,
    ]);
    const of = (id: string) => entries.find((entry) => entry.id === id);
    expect([of("triage-bot-1")?.status, of("deploy-bot-1")?.status]).toEqual(["disabled", "revoked"]);
    expect(of("deploy-bot-3")?.tools).toEqual(of("deploy-bot-2")?.tools);
    const comments = readFileSync(SAMPLE, "utf8").match(/#.*$/gm) ?? [];
    for (const comment of comments) expect(readFileSync(file, "utf8")).toContain(comment);
  });

  it("lists a rotated key by the name that it signs with", async () => {
    await signet(home, ["identity", "generate", "--name", "bot-2", "--owner", "acme", "--unencrypted"]);
    await changed("add", file, "--name", "bot", "--tools", "*", "--created-at", "2026-01-01");
    await changed(
      "rotate",
      file,
      "--id",
      "bot",
      "--new-id",
      "b2",
      "--new-pubkey",
      "bot-2",
      "--overlap-until",
      "7d",
    );
    const entries = await signetJson<{ id: string; name: string; created_at: string }[]>(home, [
      "trust",
      "list",
      file,
    ]);
    expect(entries.find(({ id }) => id === "b2")).toMatchObject({ name: "bot-2", tools: ["*"] });
    expect(entries.find(({ id }) => id === "bot")).toMatchObject({ created_at: "2026-01-01T00:00:00.000Z" });
    expect(await signet(home, ["doctor", "--registry", file])).toMatchObject({ code: 0 });
  });

  it("loses nothing of what many processes change at once", async () => {
    for (const [index, id] of ["a", "b", "c", "d", "e", "f"].entries()) {
      await signet(home, ["identity", "generate", "--name", id, "--owner", "o", "--unencrypted"]);
      if (index < 3) await signet(home, ["trust", "add", file, "--name", id, "--tools", "*"]);
    }
    const runs = await Promise.all([
      ...["a", "b", "c"].map((id) => signet(home, ["trust", "revoke", file, "--id", id])),
      ...["d", "e", "f"].map((id) => signet(home, ["trust", "add", file, "--name", id, "--tools", "*"])),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0]);
    const entries = await signetJson<{ id: string; status: string }[]>(home, ["trust", "list", file]);
    const statuses = ["a", "b", "c", "d", "e", "f"].map(
      (id) => entries.find((entry) => entry.id === id)?.status,
    );
    expect(statuses).toEqual(["revoked", "revoked", "revoked", "active", "active", "active"]);
  });

  it("writes over nothing, and follows no link, with --output", async () => {
    const output = join(temporaryFolder(), "there");
    writeFileSync(output, "mine");
    for (const path of [output, "/dev/null"]) {
      const run = await signet(home, ["trust", "disable", file, "--id", "triage-bot-1", "--output", path]);
      expect(run.code).toBe(2);
      expect(run.err).toContain("is there already");
    }
    expect(readFileSync(output, "utf8")).toBe("mine");
  });

  it("reads no registry in which a line ends for some readers only", async () => {
    for (const odd of ["\r", "\u2028", "\u0085"]) {
      writeFileSync(
        file,
        readFileSync(SAMPLE, "utf8").replace(
          "status: active",
          `status: active # x${odd}    expires_at: 2026-11-02T00:00:00Z`,
        ),
      );
      const run = await signet(home, ["trust", "list", file]);
      expect(run.code).toBe(2);
      expect(run.err).toMatch(/registry\.yaml:\d+:\d+: this character ends a line for some readers/);
    }
  });

  it("writes elsewhere where that is said", async () => {
    const before = readFileSync(file, "utf8");
    const output = join(temporaryFolder(), "next.yaml");
    const result = await signetJson(home, [
      "trust",
      "disable",
      file,
      "--id",
      "triage-bot-1",
      "--output",
      output,
    ]);
    expect(result).toMatchObject({
      id: "triage-bot-1",
      before: { status: "active" },
      after: { status: "disabled" },
    });
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(readFileSync(output, "utf8")).toContain("disabled_at");
  });

  it("changes what a guard has in force", async () => {
    const watched = await openTrustRegistry(file);
    await changed("add", file, "--name", "bot", "--tools", "*");
    await watched.reload();
    expect([...watched.current.entries("agents")].map(({ id }) => id)).toContain("bot");
    await watched.close();
  });

  it.each<[string, string[], RegExp]>([
    ["an id that there is not", ["disable", "FILE", "--id", "none"], /none.*deploy-bot-1/],
    [
      "a section that there is not",
      ["list", "FILE", "--section", "agent"],
      /Allowed choices are roots, agents, servers/,
    ],
    [
      "a key that is none",
      ["add", "FILE", "--name", "x", "--owner", "o", "--pubkey", "ed25519:AAAA"],
      /there is no key|holds no public key|--pubkey|name/,
    ],
    ["a name without a key", ["add", "FILE", "--name", "nobody"], /nobody|owner/],
    ["no name", ["add", "FILE"], /--name NAME/],
    ["half a limit", ["add", "FILE", "--name", "bot", "--max-calls", "3"], /go together/],
    ["an end that is over", ["add", "FILE", "--name", "bot", "--expires", "2020-01-01"], /is over/],
    [
      "a time that is none",
      ["revoke", "FILE", "--id", "triage-bot-1", "--at", "soon"],
      /--at must be a time/,
    ],
    ["a time to come", ["revoke", "FILE", "--id", "triage-bot-1", "--at", "2099-01-01"], /is to come/],
    ["a revoked key", ["disable", "FILE", "--id", "old-bot-1"], /revoked/],
    ["a file that is not there", ["inspect", "none.yaml"], /none.yaml/],
    ["what is no registry", ["inspect", "package.json"], /package.json/],
    ["another section's id", ["revoke", "FILE", "--id", "github-mcp-1"], /there is one in servers/],
    ["no id", ["revoke", "FILE"], /--id/],
  ])("ends with 2, and changes nothing, for %s", async (_, args, message) => {
    const before = readFileSync(file, "utf8");
    const run = await signet(home, ["trust", ...args.map((arg) => (arg === "FILE" ? file : arg))]);
    expect(run.code).toBe(2);
    expect(run.err).toMatch(message);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("names file and line of what does not hold", async () => {
    writeFileSync(file, readFileSync(file, "utf8").replace("created_at:", "craeted_at:"));
    const { code, err } = await signet(home, ["trust", "inspect", file]);
    expect(code).toBe(2);
    expect(err).toMatch(/registry\.yaml:\d+:\d+/);
  });
});
