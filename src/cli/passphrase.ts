import { fromEnvironment } from "../keystore/passphrase.js";
import { CliFault } from "./faults.js";

/** The passphrase of a key that is there: of the environment, or asked for. */
export async function oldPassphrase(what: string): Promise<string> {
  return fromEnvironment() ?? (await ask(`Passphrase of ${what}`, "set SIGNET_PASSPHRASE"));
}

/** A passphrase for a key that is made or changed: of the environment, or asked for twice. */
export async function newPassphrase(what: string, otherwise: string): Promise<string> {
  const given = fromEnvironment();
  if (given !== undefined) return given;
  return await askTwice(what, `set SIGNET_PASSPHRASE, or ${otherwise}`);
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
  if (isCancel(answer)) throw new CliFault("nothing was changed");
  if (answer === undefined || answer === "") {
    throw new CliFault("a passphrase has 1 character or more: nothing was changed");
  }
  return answer;
}
