import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { formatTime, parseTime } from "../../src/lib/time.js";

const FIRST = Date.parse("0000-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");

describe("parseTime", () => {
  it("reads back what formatTime writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST, max: LAST }), (ms) => {
        expect(parseTime(formatTime(ms))).toBe(ms);
      }),
      { numRuns: 2000 },
    );
  });

  it("reads as Date does, wherever it reads at all", () => {
    const part = (max: number): fc.Arbitrary<string> =>
      fc.nat({ max }).map((n) => String(n).padStart(2, "0"));
    fc.assert(
      fc.property(
        fc.nat({ max: 9999 }),
        part(14),
        part(33),
        part(25),
        part(61),
        part(61),
        (y, mo, d, h, mi, s) => {
          const text = `${String(y).padStart(4, "0")}-${mo}-${d}T${h}:${mi}:${s}Z`;
          const ms = Date.parse(text);
          // Date turns 31 April into 1 May and hour 24 into the next day; such a time does not come back as it went in.
          const isReal = !Number.isNaN(ms) && new Date(ms).toISOString() === text.replace("Z", ".000Z");
          expect(parseTime(text)).toBe(isReal ? ms : undefined);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["2026-03-29T23:24:03.309Z", 1774826643309],
    ["2026-03-29T23:24:03Z", 1774826643000],
    ["2026-03-29T23:24:03+00:00", 1774826643000],
    ["2026-03-29T23:24:03.3Z", 1774826643300],
    ["2026-03-29T23:24:03.30+00:00", 1774826643300],
    ["2026-03-29T23:24:03.309999999Z", 1774826643309],
    ["2026-03-29T23:24:03.309999999999999999999+00:00", 1774826643309],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["2000-02-29T00:00:00Z", Date.UTC(2000, 1, 29)],
    ["1970-01-01T00:00:00Z", 0],
    ["1969-12-31T23:59:59.999Z", -1],
    ["0000-01-01T00:00:00Z", FIRST],
    ["9999-12-31T23:59:59.999Z", LAST],
  ])("reads %s", (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each([
    "",
    "2026",
    "2026-03-29",
    "Nov 23 2026",
    "2026-03-29T23:24Z",
    "2026-03-29T23:24:03",
    "2026-03-29 23:24:03Z",
    "2026-03-29t23:24:03Z",
    "2026-03-29T23:24:03z",
    "2026-03-29T23:24:03.Z",
    "2026-03-29T23:24:03,3Z",
    "2026-03-29T23:24:03.3",
    "2026-03-29T23:24:03.3 Z",
    "2026-03-29T23:24:03ZZ",
    "2026-03-29T23:24:03Z\n",
    " 2026-03-29T23:24:03Z",
    "2026-03-29T23:24:03+01:00",
    "2026-03-29T23:24:03-00:00",
    "2026-03-29T23:24:03+0000",
    "2026-03-29T23:24:03+00",
    "2026-03-29T23:24:03+00:00Z",
    "2026-03-29T23:24:03Z+00:00",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2016-12-31T23:59:60Z",
    "+02026-01-01T00:00:00Z",
    "-2026-01-01T00:00:00Z",
    "2026-1-01T00:00:00.0Z",
    "20260329T232403.000Z",
    "2026-03-29T23:24:0３Z",
    "2026-03-29T23:24:03.٣Z",
  ])("refuses %j", (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it("refuses what is no text", () => {
    for (const value of [undefined, null, 0, 1774826643309, new Date(), ["2026-03-29T23:24:03Z"]]) {
      expect(parseTime(value)).toBeUndefined();
    }
  });

  it("accepts nothing but texts of one form", () => {
    fc.assert(
      fc.property(fc.nat({ max: 23 }), fc.string({ unit: "binary", maxLength: 3 }), (at, noise) => {
        const text = "2026-03-29T23:24:03.309Z";
        const changed = text.slice(0, at) + noise + text.slice(at + 1);
        const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/;
        expect(parseTime(changed) === undefined || form.test(changed)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("formatTime", () => {
  it("writes milliseconds and Z, the same each time", () => {
    expect(formatTime(1774826643309)).toBe("2026-03-29T23:24:03.309Z");
    expect(formatTime(0)).toBe("1970-01-01T00:00:00.000Z");
    expect(formatTime(1774826643309)).toBe("2026-03-29T23:24:03.309Z");
  });

  it("cuts off fractions of a millisecond", () => {
    expect(formatTime(1.9)).toBe("1970-01-01T00:00:00.001Z");
    expect(formatTime(-0.5)).toBe("1969-12-31T23:59:59.999Z");
  });

  it("refuses times that have no such form", () => {
    for (const ms of [Number.NaN, Infinity, FIRST - 1, LAST + 1])
      expect(() => formatTime(ms)).toThrow(RangeError);
  });
});
