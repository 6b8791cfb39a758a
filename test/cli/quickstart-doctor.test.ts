import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuditLog } from "../../src/audit/log.js";
import { createGuard } from "../../src/server.js";
import { SigningAgent } from "../../src/index.js";
import { SIGNET, signet, signetJson, temporaryFolder } from "./support.js";

const exec = promisify(execFile);
/** Where packages of the repository are found, as in a project that has them. */
const INSIDE = fileURLToPath(new URL("../../dist/.quickstart", import.meta.url));

let home: string;
beforeEach(() => {
  home = join(temporaryFolder(), "home");
  mkdirSync(INSIDE, { recursive: true });
});
afterEach(() => {
  rmSync(INSIDE, { recursive: true, force: true });
});

interface Diagnosis {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly level: string;
    readonly about: string;
    readonly text: string;
    readonly remedy?: string;
  }[];
}

const doctor = (...args: string[]) => signetJson<Diagnosis>(home, ["doctor", ...args]);
const wrong = ({ findings }: Diagnosis) =>
  findings.filter(({ level }) => level === "wrong").map(({ text }) => text);

describe("signet quickstart", () => {
  it("goes from nothing to a first verified call, in an empty folder", async () => {
    const cwd = temporaryFolder();
    const { code, out } = await signet(home, ["quickstart"], { cwd });
    expect(code).toBe(0);
    expect(out).toContain("a first call, signed, verified, run and countersigned: Hello, my-agent!");
    const dir = join(cwd, "signet-quickstart");
    const env = { ...process.env, SIGNET_HOME: home };
    const again = await exec(process.execPath, [join(dir, "client.mjs")], { env });
    expect(again.stdout).toBe("countersigned by my-server\nHello, my-agent!\n");
    const verified = await signet(home, ["audit", "--verify", "--trust-bundle", join(dir, "registry.yaml")]);
    expect(verified).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Log intact: 4 records/) as unknown,
    });
    expect(await doctor("--registry", join(dir, "registry.yaml"))).toMatchObject({ ok: true });
    const twice = await signet(home, ["quickstart"], { cwd });
    expect(twice.code).toBe(2);
    expect(twice.err).toContain("nothing is overwritten");
  }, 180_000);

  it("encrypts the keys by SIGNET_PASSPHRASE, and uses the packages of the project around", async () => {
    const env = { SIGNET_PASSPHRASE: "secret" };
    const dir = join(INSIDE, "demo");
    const result = await signetJson(home, ["quickstart", dir], { env });
    expect(result).toMatchObject({ dir, said: "Hello, my-agent!" });
    expect(existsSync(join(dir, "package.json"))).toBe(false);
    expect(await signetJson(home, ["identity", "list"])).toMatchObject([
      { encrypted: true },
      { encrypted: true },
    ]);
    const locked = await signet(home, ["quickstart", join(INSIDE, "other")]);
    expect(locked.code).toBe(2);
    expect(existsSync(join(INSIDE, "other"))).toBe(false);
    expect(locked.err).toContain("is encrypted: set SIGNET_PASSPHRASE");
  }, 60_000);
});

describe("signet doctor", () => {
  async function guarded(): Promise<{ registry: string }> {
    await signet(home, ["quickstart", join(INSIDE, "demo")]);
    const registry = join(temporaryFolder(), "registry.yaml");
    cpSync(join(INSIDE, "demo", "registry.yaml"), registry);
    return { registry };
  }

  it("finds nothing wrong where there is nothing yet, and says how to begin", async () => {
    const { code, out } = await signet(home, ["doctor"]);
    expect(code).toBe(0);
    expect(out).toContain("signet quickstart");
    expect(out).toContain("Nothing is wrong.");
    expect(existsSync(home)).toBe(false);
  });

  it("names keys that others read or that do not fit, and what was left behind", async () => {
    await guarded();
    const keys = join(home, "keys");
    chmodSync(join(keys, "my-agent.key"), 0o644);
    rmSync(join(keys, "my-server.pub"));
    writeFileSync(join(keys, ".x.key.0123456789abcdef.part"), "");
    const diagnosis = await doctor();
    expect(wrong(diagnosis).join("\n")).toMatch(/chmod 600 [^]*my-server.pub is not there/);
    expect(JSON.stringify(diagnosis)).toContain("left behind");
    expect((await signet(home, ["doctor"])).code).toBe(1);
  });

  it("names permissions of the home", async () => {
    await guarded();
    chmodSync(home, 0o777);
    expect(wrong(await doctor()).join()).toContain("others may write to");
  });

  it("names a log that does not hold, and a clock that is behind it", async () => {
    await guarded();
    const log = await AuditLog.open(join(home, "audit"), { clock: () => Date.now() + 3_600_000 });
    const agent = await SigningAgent.open("my-agent", {
      home,
      audit: log,
      clock: () => Date.now() + 3_600_000,
    });
    await agent.sign("t", {}, { target: "mcp://my-server" });
    await log.close();
    expect(wrong(await doctor()).join()).toMatch(/behind the newest record/);
    const [{ place }] = await signetJson<[{ place: { file: string } }]>(home, ["audit"]);
    const file = join(home, "audit", place.file);
    writeFileSync(file, readFileSync(file, "utf8").replace("rnd_", "rnd-"));
    expect(wrong(await doctor()).join()).toMatch(/it does not hold/);
  });

  it("names what is wrong with a registry", async () => {
    const { registry } = await guarded();
    const text = readFileSync(registry, "utf8");
    const edited = async (from: string | RegExp, to: string) => {
      writeFileSync(registry, text.replace(from, to));
      return JSON.stringify((await doctor("--registry", registry)).findings);
    };
    expect(await edited('    tools: ["*"]', "    # tools:")).toContain("may call every tool");
    expect(await edited("status: active", "status: activ")).toContain("activ");
    expect(
      await edited(/pubkey: .*/, "pubkey: ed25519:JPHpW4I2yRsLZvTBy20YZaQjQOFBMlDqWMSfHgV5oms="),
    ).toContain("another key of my-agent");
    expect(await edited(/generated_at: .*/, "generated_at: 2099-01-01T00:00:00Z")).toContain(
      "ahead of this clock",
    );
    expect(await edited(/$/, "")).not.toContain('"wrong"');
    chmodSync(registry, 0o666);
    expect(JSON.stringify(await doctor("--registry", registry))).toContain("trust keys of theirs");
    chmodSync(registry, 0o600);
    const folder = dirname(registry);
    chmodSync(folder, 0o777);
    expect(JSON.stringify(await doctor("--registry", registry))).toContain(
      "put another file in the place of",
    );
    expect((await signet(home, ["doctor", "--registry", "none.yaml"])).code).toBe(1);
  });

  it("tells why a guard kept the version before, after another tool dropped fields of ours", async () => {
    const { registry } = await guarded();
    const before = join(temporaryFolder(), "before.yaml");
    cpSync(registry, before);
    const { signer } = (await SigningAgent.open("my-server", { home, audit: false })).identity;
    const guard = await createGuard({
      registry,
      identity: { signer, name: "my-server" },
      target: "mcp://my-server",
      replay: "memory",
      audit: join(home, "audit"),
      onEvent: () => {},
    });
    // As the released CLI writes it: without what it does not know.
    const dropped = readFileSync(registry, "utf8")
      .replace(/ {4}(?:tools|targets): .*\n/g, "")
      .replace(/generated_at: .*/, `generated_at: ${new Date().toISOString()}`);
    writeFileSync(`${registry}.next`, dropped);
    renameSync(`${registry}.next`, registry);
    await expect(guard.reload()).rejects.toMatchObject({ code: "registry_regressed" });
    await guard.close();
    const diagnosis = await doctor();
    expect(wrong(diagnosis).join()).toMatch(
      /since .* a guard has kept the version before: .*has lost its tools/,
    );
    expect(wrong(await doctor("--registry", registry, "--before", before)).join()).toContain(
      "has lost its tools",
    );
    expect(await doctor("--registry", before, "--before", before)).toMatchObject({
      findings: expect.arrayContaining([
        expect.objectContaining({ text: expect.stringContaining("takes it") as unknown }),
      ]) as unknown,
    });
  });

  it("names stores that cannot be reached, with what to do", async () => {
    const diagnosis = await doctor(
      "--redis",
      "redis://127.0.0.1:1",
      "--postgres",
      "postgres://127.0.0.1:1/x",
    );
    expect(wrong(diagnosis).join("\n")).toMatch(/Redis[^]*PostgreSQL/);
  }, 60_000);

  it("ends by itself, whatever it looked at", async () => {
    await guarded();
    const { stdout } = await exec(process.execPath, [SIGNET, "doctor"], {
      env: { ...process.env, SIGNET_HOME: home },
      timeout: 20_000,
    });
    expect(stdout).toContain("replay is ready");
  });
});
