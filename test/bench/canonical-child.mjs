/** Measures the writer of canonical JSON, in turn with `canonicalize`, and on the worst shapes; prints JSON. */
import canonicalize from "canonicalize";
import { canonicalJson } from "../../dist/receipt/index.js";
import { SHAPES, seededRandom } from "./call-arguments.mjs";
import { median } from "./statistics.mjs";

const ROUNDS = 15;
const ROUND_BYTES = 2_000_000;
const WORST_BYTES = 100_000;

const random = seededRandom(3);
const usual = Object.keys(SHAPES).map(measureUsual);
const worst = Object.entries({
  "keys that never repeat": uniqueKeys,
  "an object of 8,000 keys": manyKeys,
  "99 levels": deep,
  "one string of control characters": () => "\u0001".repeat(WORST_BYTES / 6),
}).map(measureWorst);
console.log(JSON.stringify({ usual, worst }));

function measureUsual(name) {
  const text = JSON.stringify(SHAPES[name](random));
  const count = Math.ceil(ROUND_BYTES / text.length);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const values = Array.from({ length: count }, () => JSON.parse(JSON.stringify(SHAPES[name](random))));
    return { ours: time(values, canonicalJson), theirs: time(values, canonicalize) };
  }).slice(ROUNDS / 3);
  return {
    name,
    megabytesPerSecond: median(rounds.map(({ ours }) => (count * text.length) / 1000 / ours)),
    timesFaster: median(rounds.map(({ ours, theirs }) => theirs / ours)),
  };
}

function measureWorst([name, make]) {
  const times = Array.from({ length: 60 }, (_, index) => time([make(index)], canonicalJson));
  return { name, ms: median(times.slice(20)) };
}

function time(values, write) {
  const began = performance.now();
  for (const value of values) write(value);
  return performance.now() - began;
}

function uniqueKeys(seed) {
  return Array.from({ length: WORST_BYTES / 40 }, (_, index) => ({
    [`z${seed}_${index}_key`]: index,
    [`a${index}_${seed}`]: 1,
  }));
}

function manyKeys(seed) {
  const keys = Array.from({ length: 8000 }, (_, index) => `${(index * 7919 + seed) % 1_000_003}k`);
  return Object.fromEntries(keys.map((key, index) => [key, index % 10]));
}

function deep(seed) {
  const filling = () =>
    Array.from({ length: 10 }, (_, index) => ({ text: `${"word ".repeat(14)}${seed}`, at: index }));
  let value = filling();
  for (let level = 3; level <= 99; level++) value = level % 2 === 0 ? [value] : { z: value, a: filling() };
  return value;
}
