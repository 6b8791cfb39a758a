import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { newDirectory, pathWithSignet, signet, skippedWithout, Terminal } from "./support-terminal.js";

const SHELLS = ["bash", "zsh", "fish"] as const;

let home: string;
let work: string;
let bin: string;
let env: Readonly<Record<string, string>>;

beforeAll(() => {
  home = newDirectory();
  work = newDirectory();
  bin = newDirectory();
  for (const name of ["my-agent", "my-server"])
    signet(home, "identity", "generate", "--name", name, "--unencrypted");
  for (const shell of SHELLS) writeFileSync(join(home, shell), signet(home, "completion", shell).out);
  writeFileSync(join(work, "registry one.yaml"), "");
  mkdirSync(join(work, "registry-dir"));
  env = {
    PATH: pathWithSignet(bin),
    SIGNET_HOME: home,
    HOME: home,
    LC_ALL: "C.UTF-8",
    TERM: "xterm-256color",
  };
});
afterAll(() => {
  for (const dir of [home, work, bin]) rmSync(dir, { recursive: true, force: true });
});

/** A command line up to the cursor, and what completes its last word. */
const CASES: readonly (readonly [line: string, candidates: readonly string[]])[] = [
  ["signet tr", ["trust"]],
  ["signet identity e", ["export"]],
  ["signet trust list --sect", ["--section"]],
  ["signet trust list --section ", ["agents", "roots", "servers"]],
  ["signet trust list x.yaml --active-only --section a", ["agents"]],
  ["signet identity export --name my-agent --format ", ["json", "openssh", "pem", "text"]],
  ["signet sign --key my-", ["my-agent", "my-server"]],
  ["signet audit --signer my-a", ["my-agent"]],
  ["signet explore --outcome rej", ["rejected"]],
  ["signet identity generate --name my-", []],
  ["signet sign --tool ", []],
  ["signet help au", ["audit"]],
  ["signet trust help rev", ["revoke"]],
  ["signet completion ", ["bash", "fish", "help", "zsh"]],
  ["signet trust list registry\\ o", ["registry one.yaml"]],
  ["signet verify --trust-bundle registry\\ o", ["registry one.yaml"]],
  ["signet trust list x.yaml registry", []],
];

describe("signet completion", () => {
  it("names every command, flag and choice that the help has", () => {
    for (const shell of SHELLS) {
      const { code, out, err } = signet(home, "completion", shell);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      for (const word of ["quickstart", "rotate", "new-pubkey", "decrypt-params", "openssh", "roots"])
        expect(out).toContain(word);
      // What is hidden stays so, but for the script's own use.
      expect(out.match(/\bnames\b.*print the names/)).toBeNull();
    }
  });

  it("says for each shell how to install it", () => {
    const { out } = signet(home, "completion", "--help");
    for (const text of ["source <(signet completion bash)", "compinit", "completions/signet.fish"])
      expect(out).toContain(text);
    expect(signet(home, "completion", "zsh", "--help").out).toContain("compinit");
    expect(out).not.toContain("names of the keys");
  });

  it("prints the names of keys, a line each, and nothing on any fault", () => {
    expect(signet(home, "completion", "names")).toEqual({ code: 0, out: "my-agent\nmy-server\n", err: "" });
    const nothing = { code: 0, out: "", err: "" };
    expect(signet(join(home, "none"), "completion", "names")).toEqual(nothing);
    const broken = newDirectory();
    writeFileSync(join(broken, "keys"), "no directory");
    expect(signet(broken, "completion", "names")).toEqual(nothing);
    writeFileSync(join(home, "keys", "$(touch x).pub"), "{}");
    expect(signet(home, "completion", "names").out).toBe("my-agent\nmy-server\n");
    rmSync(broken, { recursive: true });
  });
});

describe("the script for bash", () => {
  /** Completes as bash does, which cuts a line into words. */
  function complete(words: readonly string[]): readonly string[] {
    const script = `
      source ${join(home, "bash")}
      complete -p signet >/dev/null || exit 1
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _signet signet
      for word in "\${COMPREPLY[@]}"; do echo "$word"; done`;
    const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script, "bash", ...words], {
      env,
      cwd: work,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    return stdout.split("\n").slice(0, -1).sort();
  }

  it.each(CASES)("completes %j", (line, candidates) => {
    const words = line.replaceAll("\\ ", "\0").split(" ");
    expect(complete(words.map((word) => word.replaceAll("\0", " ")))).toEqual(candidates);
  });

  it("completes a value after an equals sign, which is a word of its own to bash", () => {
    expect(complete(["signet", "trust", "list", "--section", "="])).toEqual(["agents", "roots", "servers"]);
    expect(complete(["signet", "trust", "list", "--section", "=", "se"])).toEqual(["servers"]);
    expect(complete(["signet", "trust", "add", "--section", "=", "roots", "--nam"])).toEqual(["--name"]);
  });

  it("completes directories alone where a directory is meant, and keys beside files", () => {
    expect(complete(["signet", "audit", "--restore", "reg"])).toEqual(["registry-dir"]);
    expect(complete(["signet", "verify", "--pubkey", "my-a"])).toEqual(["my-agent"]);
    expect(complete(["signet", "verify", "--pubkey", "registry-"])).toEqual(["registry-dir"]);
  });

  it("completes no names where the keys cannot be listed", () => {
    const path = newDirectory();
    writeFileSync(join(path, "signet"), "#!/bin/sh\necho fault >&2\nexit 2\n");
    chmodSync(join(path, "signet"), 0o755);
    const was = env;
    env = { ...env, PATH: `${path}:${process.env["PATH"] ?? ""}` };
    expect(complete(["signet", "sign", "--key", ""])).toEqual([]);
    env = was;
    rmSync(path, { recursive: true });
  });
});

const FISH = "fish";
const NO_FISH = skippedWithout(FISH);

describe.skipIf(NO_FISH !== "")(`the script for fish${NO_FISH}`, () => {
  function complete(line: string): readonly string[] {
    const script = `source ${join(home, "fish")}; complete -C $argv[1]`;
    const { stdout, stderr } = spawnSync(FISH, ["--no-config", "-c", script, line], {
      env,
      cwd: work,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const candidates = stdout.split("\n").slice(0, -1);
    return candidates.map((text) => text.replace(/\t.*/, "").replaceAll("\\ ", " ")).sort();
  }

  it.each(CASES)("completes %j", (line, candidates) => {
    expect(complete(line)).toEqual(candidates);
  });

  it("completes directories alone where a directory is meant, and keys beside files", () => {
    expect(complete("signet audit --restore reg")).toEqual(["registry-dir/"]);
    expect(complete("signet verify --pubkey my-a")).toEqual(["my-agent"]);
    expect(complete("signet verify --pubkey registry-")).toEqual(["registry-dir/"]);
  });
});

const NO_ZSH = skippedWithout("zsh", "tmux");

describe.skipIf(NO_ZSH !== "")(`the script for zsh${NO_ZSH}`, () => {
  let terminal: Terminal;

  afterEach(() => {
    terminal.close();
  });

  async function open(setUp: string): Promise<void> {
    terminal = new Terminal(["zsh", "-f"], env);
    await terminal.sees(/READY\$/);
    terminal.type(`cd ${work}; autoload -U compinit; ${setUp}; setopt no_beep list_ambiguous; echo set-up`);
    terminal.press("Enter");
    await terminal.sees(/^set-up$/m);
    terminal.clear();
  }

  it("completes a word that there is one candidate for", async () => {
    await open(`compinit -D -u; source ${join(home, "zsh")}`);
    for (const [line, word] of [
      ["signet tr", "signet trust"],
      ["signet identity exp", "signet identity export"],
      ["signet trust list --sect", "signet trust list --section="],
      ["signet trust list --section ag", "signet trust list --section agents"],
      ["signet trust list --section=ag", "signet trust list --section=agents"],
      ["signet identity export --format ope", "signet identity export --format openssh"],
      ["signet sign --key my-a", "signet sign --key my-agent"],
      ["signet help aud", "signet help audit"],
      ["signet trust list registry\\ o", "signet trust list registry\\ one.yaml"],
      ["signet audit --restore reg", "signet audit --restore registry-dir/"],
    ] as const) {
      terminal.type(line);
      terminal.press("Tab");
      await terminal.sees(new RegExp(`^(?:READY\\$ )?${word.replace(/[\\.$]/g, "\\$&")}$`, "m"));
      terminal.press("C-u");
    }
  });

  it("lists candidates with what they are for, and works as a file of $fpath too", async () => {
    await open(`ln -s ${join(home, "zsh")} ${join(home, "_signet")}; fpath=(${home} $fpath); compinit -D -u`);
    terminal.type("signet trust ");
    terminal.press("Tab");
    expect(await terminal.sees(/^rotate +--/m)).toMatch(/^revoke +-- cut a key off for good/m);
    terminal.press("C-c");
    terminal.clear();
    terminal.type("signet trust list --section ");
    terminal.press("Tab");
    await terminal.sees(/^agents +roots +servers$/m);
    terminal.press("C-c");
    terminal.clear();
    terminal.type("signet sign --key ");
    terminal.press("Tab", "Tab");
    await terminal.sees(/^my-agent +my-server$/m);
  });
});
