import type { Command } from "commander";
import { printable } from "../../../lib/text.js";
import { doesNotHold } from "../../faults.js";
import { auditDirectory } from "../../home.js";
import { counted, print, printJson, styled } from "../../output.js";
import type { Style } from "../../output.js";
import type { Finding, Level } from "./finding.js";

interface Flags {
  readonly registry?: string;
  readonly before?: string;
  readonly redis?: string;
  readonly postgres?: string;
  readonly json?: true;
}

const MARKS: Readonly<Record<Level, readonly [mark: string, style: Style]>> = {
  ok: ["✓", "green"],
  look: ["!", "yellow"],
  wrong: ["✗", "red"],
};

/** `signet doctor` */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "look for what is wrong: keys, permissions, registry, log, clock, stores; and say what to do",
    )
    .option("--registry <file>", "registry to look at")
    .option(
      "--before <file>",
      "the version that guards have in force: says whether they would take --registry",
    )
    .option("--redis <url>", "replay store in Redis to look at, such as redis://127.0.0.1:6379")
    .option("--postgres <url>", "replay store in PostgreSQL to look at, such as postgres://127.0.0.1/app")
    .option("--json", "print one JSON value")
    .addHelpText("after", "\nExample:\n  signet doctor --registry config/registry.yaml")
    .action(doctor);
}

async function doctor({ registry, before, redis, postgres, json }: Flags): Promise<void> {
  const [{ checkHome }, { checkKeys }, { checkLog }, { checkRegistry }, { checkStores }] = await Promise.all([
    import("./check-home.js"),
    import("./check-keys.js"),
    import("./check-log.js"),
    import("./check-registry.js"),
    import("./check-stores.js"),
  ]);
  const findings = [
    ...checkHome(),
    ...(await checkKeys()),
    ...(registry === undefined ? [] : await checkRegistry(registry, before)),
    ...(await checkLog(auditDirectory())),
    ...(await checkStores({ redis, postgres })),
  ];
  const wrong = findings.filter(({ level }) => level === "wrong").length;
  if (wrong > 0) doesNotHold();
  if (json === true) printJson({ ok: wrong === 0, findings });
  else say(findings, wrong);
}

function say(findings: readonly Finding[], wrong: number): void {
  for (const { level, about, text, remedy } of findings) {
    const [mark, style] = MARKS[level];
    print(`${styled(style, mark)} ${styled("bold", about.padEnd(8))} ${printable(text)}`);
    if (remedy !== undefined) print(`             → ${printable(remedy)}`);
  }
  print(wrong === 0 ? "\nNothing is wrong." : `\n${counted(wrong, "thing")} to mend.`);
}
