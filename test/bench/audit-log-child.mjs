/**
 * Writes a log into a directory: `DIR RECORDS`. Intents and their countersigned receipts in turns, and a record with a type now
 * and then. There are a few hundred receipts, which come again and again; what chains them is made for each record.
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import {
  agentReceiptText,
  canonicalJson,
  contentHash,
  countersignReceipt,
  generateSigner,
  paramsText,
  signReceipt,
} from "../../dist/receipt/index.js";

const [dir, countText] = process.argv.slice(2);
const count = Number(countText);
const DAYS = 4;
const PAIRS = 300;
const START_MS = Date.UTC(2026, 10, 1);

const agent = generateSigner();
const server = generateSigner();
const texts = [];
for (let pair = 0; pair < PAIRS; pair++) {
  const receipt = await signReceipt({
    signer: agent,
    name: "deploy-bot",
    owner: "platform-team",
    tool: "github_create_issue",
    target: "mcp://github.local",
    transport: "http",
    params: {
      title: `Issue ${pair}`,
      body: "The build fails since this morning. ".repeat(3),
      labels: ["bug"],
    },
    issuedAtMs: START_MS + pair,
  });
  const countersigned = await countersignReceipt({
    signer: server,
    name: "github-mcp",
    agentReceipt: receipt,
    agentReceiptText: agentReceiptText(receipt, paramsText(receipt)).whole,
    contentHash: contentHash({ content: [{ type: "text", text: `#${pair}` }] }),
    outcome: { status: "executed" },
    respondedAtMs: START_MS + pair + 20,
  });
  texts.push(canonicalJson(receipt), canonicalJson(countersigned));
}

let prev = `sha256:${"0".repeat(64)}`;
let written = 0;
for (let day = 1; day <= DAYS; day++) {
  const stream = createWriteStream(join(dir, `2026-11-0${day}.jsonl`), { highWaterMark: 4 * 1024 * 1024 });
  let lines = [];
  for (; written < (count * day) / DAYS; written++) {
    const receipt = texts[written % texts.length];
    const hash = createHash("sha256").update(`{"prev_hash":"${prev}","receipt":${receipt}}`).digest("hex");
    lines.push(`{"receipt":${receipt},"prev_hash":"${prev}","record_hash":"sha256:${hash}"}\n`);
    prev = `sha256:${hash}`;
    if (lines.length === 1000) {
      if (!stream.write(lines.join(""))) await once(stream, "drain");
      lines = [];
    }
  }
  stream.end(lines.join(""));
  await once(stream, "finish");
}
console.log(JSON.stringify({ tip: prev }));
