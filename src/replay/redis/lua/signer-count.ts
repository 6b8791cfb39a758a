/** Width of the spans by which the nonces of a signer are counted, in milliseconds. */
const SPAN_MS = 5000;

/**
 * What is added to the time at which a nonce expires: its time begins when `SET` runs, which on Redis before 7.2 is a little later
 * than the time that the script has read, and a nonce must not stop to count while it is there.
 */
const LATER_MS = 1000;

/** Number of the span in which a nonce expires. Those before the span of now are over. */
export function spanOf(expiresAtMs: number): number {
  return Math.floor((expiresAtMs + LATER_MS) / SPAN_MS) + 1;
}

/**
 * Lua that counts the live nonces of a signer. It has `now`.
 *
 * The count is a hash: how many there are (`t`), and how many expire within each span, by the span's number; `lo` is the first that
 * may be there, and `hi` the last that is. It is tidied with the first nonce of a span, and when the share is used up: on all other
 * calls the server is asked twice for all of a signer's nonces in a batch.
 */
export const SIGNER_COUNT: string = `
-- Takes off what is over, and returns how many count then.
local function tidy_count(key)
  local stored = redis.call('HMGET', key, 't', 'lo')
  local total, lo = tonumber(stored[1]), tonumber(stored[2])
  local current = math.floor(now / ${SPAN_MS}) + 1
  if lo == current then return total end
  local names = {}
  if lo and current - lo <= 64 then
    for span = lo, current - 1 do names[#names + 1] = string.format('%.0f', span) end
  elseif lo then
    for _, name in ipairs(redis.call('HKEYS', key)) do
      local span = tonumber(name)
      if span and span < current then names[#names + 1] = name end
    end
  end
  for from = 1, #names, 1000 do
    local to = math.min(from + 999, #names)
    for _, size in ipairs(redis.call('HMGET', key, unpack(names, from, to))) do
      if size then total = total - size end
    end
    redis.call('HDEL', key, unpack(names, from, to))
  end
  redis.call('HSET', key, 't', total, 'lo', current)
  return total
end

-- The count goes when its last span does.
local function begin_span(key, span)
  tidy_count(key)
  if tonumber(span) > (tonumber(redis.call('HGET', key, 'hi')) or 0) then
    redis.call('HSET', key, 'hi', span)
    redis.call('PEXPIRE', key, span * ${SPAN_MS} - now + ${SPAN_MS})
  end
end
`;

/** Lua that gives the span in which what goes at `time` does: {@link spanOf}. */
export function luaSpanOf(time: string): string {
  return `math.floor((${time} + ${LATER_MS}) / ${SPAN_MS}) + 1`;
}
