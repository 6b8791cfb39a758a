/** Arguments of tool calls in the shapes and sizes that are measured. The same seed makes the same arguments. */

const WORDS =
  "account after answer branch build change check commit customer deploy error every file first invoice issue " +
  "ledger merge message number order policy price queue reads release report request result review server " +
  "session stock table team their tool under update value version which window";
const WORD_LIST = WORDS.split(" ");

/** What is measured, by name: a function from a source of randomness to the arguments of one call. */
export const SHAPES = {
  "165 B": (random) => issue(random, 165),
  "1 kB": (random) => ({ ...issue(random, 165), body: prose(random, 820) }),
  "10 kB of strings": (random) => strings(random, 10_000),
  "10 kB of objects": (random) => objects(random, 10_000),
  "100 kB of strings": (random) => strings(random, 100_000),
  "100 kB of objects": (random) => objects(random, 100_000),
};

/** A small generator of numbers in [0, 1): mulberry32. */
export function seededRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An ordinary small call, padded to an exact number of bytes. */
function issue(random, bytes) {
  const call = {
    owner: "acme",
    repo: "billing-api",
    title: "",
    labels: ["bug", word(random)],
    priority: Math.floor(random() * 5),
    draft: random() < 0.5,
    assignee: `${word(random)}@example.com`,
  };
  const room = bytes - JSON.stringify(call).length;
  return { ...call, title: words(random, room) };
}

/** Long texts, as files and messages are: lines, quotation marks, and here and there what is not Latin-1. */
function strings(random, bytes) {
  const texts = [];
  const each = Math.min(2500, bytes / 4);
  for (let left = bytes; left > 40; left -= each) {
    const text = prose(random, Math.min(each, left) - 12);
    texts.push(texts.length % 8 === 7 ? `${text} – ${word(random)}` : text);
  }
  return { path: "notes/meeting.md", texts };
}

/** Many small records: short keys, short strings, numbers, flags. */
function objects(random, bytes) {
  const records = [];
  for (let left = bytes; left > 60; left -= JSON.stringify(records.at(-1)).length + 1) {
    records.push({
      id: Math.floor(random() * 1_000_000),
      sku: `${word(random).slice(0, 3)}-${Math.floor(random() * 10_000)}`,
      name: words(random, 18),
      price: Math.floor(random() * 100_000) / 100,
      stock: Math.floor(random() * 500),
      active: random() < 0.8,
      tags: [word(random), word(random)],
    });
  }
  return { warehouse: "north", records };
}

/** Text of so many bytes once it is JSON, about a line in three with quotation marks. */
function prose(random, bytes) {
  const lines = [];
  let length = 0;
  while (length < bytes) {
    const quoted = random() < 0.3 ? `"${word(random)}" ` : "";
    const line = `${quoted}${words(random, 60)}.`;
    lines.push(line);
    length += line.length + 2 + (quoted === "" ? 0 : 2);
  }
  const text = lines.join("\n");
  return text.slice(0, Math.max(0, text.length - (length - bytes)));
}

function words(random, length) {
  let text = word(random);
  while (text.length < length) text += ` ${word(random)}`;
  return text.slice(0, length);
}

function word(random) {
  return WORD_LIST[Math.floor(random() * WORD_LIST.length)];
}
