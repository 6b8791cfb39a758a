import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { hasProgram, newDirectory, pathWithSignet, skippedWithout, Terminal } from "./support-terminal.js";
import { signet, temporaryFolder } from "./support.js";

const opened: Terminal[] = [];
afterEach(() => {
  for (const terminal of opened.splice(0)) terminal.close();
});

interface Stand {
  readonly terminal: Terminal;
  readonly home: string;
  readonly folder: string;
}

async function open(): Promise<Stand> {
  const folder = temporaryFolder();
  const home = join(folder, "home");
  const env = { SIGNET_HOME: home, SIGNET_PASSPHRASE: "", PATH: pathWithSignet(newDirectory()) };
  const terminal = new Terminal(["bash", "--norc", "--noprofile"], env);
  opened.push(terminal);
  await terminal.sees(/READY\$/);
  terminal.type(`cd '${folder}'; clear`);
  terminal.press("Enter");
  await terminal.sees(/^READY\$ *$/);
  return { terminal, home, folder };
}

function enter(terminal: Terminal, text: string): void {
  terminal.type(text);
  terminal.press("Enter");
}

describe.runIf(hasProgram("tmux"))(`signet in a terminal${skippedWithout("tmux")}`, () => {
  it("asks for a passphrase twice, shows nothing of it, and asks for it to sign", async () => {
    const { terminal, home } = await open();
    enter(terminal, "signet identity generate --name bot");
    await terminal.sees(/New passphrase of bot/);
    enter(terminal, "open sesame");
    await terminal.sees(/The same again/);
    enter(terminal, "open sesame");
    await terminal.sees(/The key bot is in .*, encrypted/s);
    terminal.clear();
    enter(terminal, "signet sign --key bot --tool t --target mcp://x > receipt.json; echo status $?");
    await terminal.sees(/Passphrase of bot/);
    enter(terminal, "open sesame");
    const screen = await terminal.sees(/status 0/);
    expect(screen).not.toContain("sesame");
    expect(terminal.screen()).not.toContain("sesame");
    expect(
      (
        await signet(home, ["sign", "--key", "bot", "--tool", "t"], {
          env: { SIGNET_PASSPHRASE: "open sesame" },
        })
      ).code,
    ).toBe(0);
  }, 60_000);

  it("makes nothing where the two differ, none is typed, or the question is left", async () => {
    const { terminal, home } = await open();
    const answers: (readonly [() => Promise<void>, RegExp])[] = [
      [
        async () => {
          enter(terminal, "one");
          await terminal.sees(/The same again/);
          enter(terminal, "two");
        },
        /the two passphrases differ/,
      ],
      [async () => enter(terminal, ""), /1 character or more/],
      [async () => terminal.press("C-c"), /nothing was changed/],
    ];
    for (const [answer, message] of answers) {
      terminal.clear();
      enter(terminal, "signet identity generate --name bot; echo status $?");
      await terminal.sees(/New passphrase of bot/);
      await answer();
      expect(await terminal.sees(/status \d/)).toMatch(message);
      expect(terminal.screen()).toContain("status 2");
      expect(existsSync(join(home, "keys", "bot.key"))).toBe(false);
    }
  }, 60_000);

  it("goes from nothing to a first verified call by quickstart", async () => {
    const { terminal, folder } = await open();
    enter(terminal, "signet quickstart; echo status $?");
    const screen = (await terminal.sees(/status \d/, 120_000))
      .replaceAll(folder, "FOLDER")
      .replaceAll(/\n(?=\S*FOLDER)/g, "");
    expect(screen.split("\n").slice(1).join("\n").trimEnd()).toBe(
      `✓ keys my-agent and my-server in FOLDER/home/keys
✓ registry.yaml, server.mjs, client.mjs in FOLDER/signet-quickstart
  npm installs the packages …
✓ packages installed
✓ a first call, signed, verified, run and countersigned: Hello, my-agent!

Next:
  node signet-quickstart/client.mjs
      calls it again
  npx signet audit
      what is on record
  npx signet verify --chain
      that nobody changed it
  npx signet trust list signet-quickstart/registry.yaml
      who is trusted
status 0
READY$`,
    );
    expect(readFileSync(join(folder, "signet-quickstart", "registry.yaml"), "utf8")).toContain(
      "name: my-agent",
    );
    terminal.clear();
    enter(terminal, "signet audit; signet verify --chain; echo status $?");
    const log = await terminal.sees(/status \d/);
    expect(log).toMatch(/my-agent +hello +mcp:\/\/my-server +countersigned +executed/);
    expect(log).toMatch(/Chain intact: 2 records verified/);
  }, 180_000);
});
