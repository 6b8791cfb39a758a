/**
 * Finds a member that an object has twice, anywhere in a JSON text: `JSON.parse` takes the last one, others the first, and
 * so one text would say two things.
 *
 * @param text - JSON that `JSON.parse` accepts.
 * @returns the name, `undefined` when there is none.
 */
export function findRepeatedMember(text: string): string | undefined {
  // Of each object around the place the names so far, of each array nothing.
  const around: (Set<string> | undefined)[] = [];
  let expectsName = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case OPEN_OBJECT:
        around.push(new Set());
        expectsName = true;
        break;
      case OPEN_ARRAY:
        around.push(undefined);
        expectsName = false;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        around.pop();
        expectsName = false;
        break;
      case COMMA:
        expectsName = around.at(-1) !== undefined;
        break;
      case QUOTE: {
        const end = endOfString(text, at);
        if (expectsName) {
          const name = readName(text.slice(at, end + 1));
          const names = around.at(-1);
          if (names?.has(name) === true) return name;
          names?.add(name);
          expectsName = false;
        }
        at = end;
        break;
      }
      default:
    }
  }
  return undefined;
}

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index of the quote that ends a string. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}

function readName(literal: string): string {
  const name: unknown = literal.includes("\\") ? JSON.parse(literal) : literal.slice(1, -1);
  return String(name);
}
