import { fromEnvironment } from "../keystore/passphrase.js";
import type { Protection } from "../keystore/protection.js";
import { CliFault } from "./faults.js";

/** The passphrase of a key that is there: of the environment, or asked for. */
export async function oldPassphrase(what: string): Promise<string> {
  return fromEnvironment() ?? (await ask(`Passphrase of ${what}`, "set SIGNET_PASSPHRASE"));
}

/** How a new key is kept: as it is where that is said, or else by the passphrase of the environment, or one that is asked for twice. */
export async function chooseProtection(name: string, unencrypted: true | undefined): Promise<Protection> {
  if (unencrypted === true) return { unencrypted };
  const otherwise = "set SIGNET_PASSPHRASE, or say --unencrypted to keep the key as it is";
  return { passphrase: fromEnvironment() ?? (await askTwice(name, otherwise)) };
}

/** Asks for a new passphrase twice, whatever the environment has. */
export async function askTwice(what: string, otherwise: string): Promise<string> {
  const first = await ask(`New passphrase of ${what}`, otherwise);
  const second = await ask("The same again", otherwise);
  if (first !== second) throw new CliFault("the two passphrases differ: nothing was changed, try again");
  return first;
}

/** Asks, and shows nothing of what is typed. */
export async function ask(question: string, otherwise: string): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CliFault(`there is no terminal to ask for a passphrase: ${otherwise}`);
  }
  const { isCancel, password } = await import("@clack/prompts");
  const answer = await password({ message: question, mask: "", output: process.stderr, withGuide: false });
  if (isCancel(answer)) throw new CliFault("stopped: nothing was changed");
  if (answer === undefined || answer === "") {
    throw new CliFault("a passphrase has 1 character or more: nothing was changed");
  }
  return answer;
}
