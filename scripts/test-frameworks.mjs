// Tests the adapters against the agent frameworks themselves, which are installed in a folder of their own: types, tests, and the
// examples. Two of them need Node 22, which is installed with them. Run after `npm run build`, or with `SIGNET_DIST`, the path of another
// build from `test/frameworks`. The last line is the total of passed and failed checks.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, exit } from "node:process";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const tests = path("test/frameworks");
const node = join(tests, "node_modules/.bin/node");
const hooks = ["--import", new URL("../test/frameworks/resolve.mjs", import.meta.url).href];
const home = await mkdtemp(join(tmpdir(), "signet-frameworks-"));

let passed = 0;
let failed = 0;

function count(name, isPassed) {
  if (isPassed) passed += 1;
  else failed += 1;
  console.log(`${isPassed ? "ok" : "FAILED"}  ${name}`);
}

function run(command, args, output = "inherit") {
  const { status, stdout } = spawnSync(command, args, {
    cwd: tests,
    encoding: "utf8",
    // A home of its own, and nothing is reported to anybody.
    env: { ...env, TMPDIR: home, SIGNET_HOME: home, DO_NOT_TRACK: "1", OPENAI_AGENTS_DISABLE_TRACING: "1" },
    stdio: ["ignore", output, "inherit"],
    timeout: 600_000,
  });
  return { isPassed: status === 0, stdout };
}

/** Each test counts. A run that tests nothing, or breaks off, counts as failed. */
function runTests() {
  const { isPassed, stdout } = run(node, [...hooks, "--test", "--test-reporter=tap", "*.test.mjs"], "pipe");
  const total = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(stdout ?? "")?.[1] ?? 0);
  const bad = total("tests") - total("pass");
  if (!isPassed || bad > 0) console.log(stdout);
  passed += total("pass");
  failed += bad;
  if (total("tests") === 0 || (!isPassed && bad === 0)) count("tests ran", false);
  console.log(`${bad === 0 ? "ok" : "FAILED"}  ${total("pass")} of ${total("tests")} tests`);
}

try {
  count("install", run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]).isPassed);
  count("types", run(path("node_modules/.bin/tsc"), ["-p", "tsconfig.json"]).isPassed);
  runTests();
  const examples = path("examples/frameworks");
  for (const file of readdirSync(examples).filter((name) => name.endsWith(".mjs"))) {
    const { isPassed, stdout } = run(node, [...hooks, join(examples, file)], "pipe");
    const isSigned = ["on record: {", "tool: 'weather'", "call_id: 'call_1'"].every((part) =>
      stdout?.includes(part),
    );
    if (!isPassed || !isSigned) console.log(stdout);
    count(`examples/frameworks/${file}`, isPassed && isSigned);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

console.log(`\n${passed} passed, ${failed} failed`);
exit(failed === 0 ? 0 : 1);
