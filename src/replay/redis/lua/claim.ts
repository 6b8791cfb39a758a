import { EPOCH, SERVER_NOW } from "./epoch.js";
import { luaSpanOf, SIGNER_COUNT } from "./signer-count.js";

/** What a claim script is made for. Servers that share a store have the same. */
export interface ClaimLimits {
  readonly perSignerShare: number;
  readonly clockSkewMs: number;
  readonly storeClockSkewMs: number;
}

/**
 * The script that takes the nonces of one bucket.
 *
 * `KEYS`: the bucket's head; then of each group, the nonces of one signer that expire in one span, the key of the signer's count,
 * and of each nonce the nonce's. `ARGV`: the host's time; then of each group how many nonces it has and its span, and of each when it
 * expires and when it was issued.
 *
 * Returns `!` and the difference of the clocks, when that is too large: then nothing was done. Otherwise a letter of
 * `ClaimLetter` for each nonce; and if any is refused, the marker, the server's time and the text of the first error.
 *
 * Why no nonce is forgotten too early: it expires when the server's clock passes `expiresAtMs + storeClockSkewMs`, and by then the clock of
 * every host whose claims are let through has passed `expiresAtMs`, since none is further from the server's than `storeClockSkewMs`. Had
 * the host's clock set the expiry, a host on the other side of the server's could come twice as far apart.
 *
 * Why the marker suffices after a loss: whatever was taken before it was dated no later than `clockSkewMs` after the server's
 * time of then, for anything dated later is refused here, however far ahead the host's clock is. So it was dated before
 * `marker + clockSkewMs`.
 */
export function claimScript({ perSignerShare, clockSkewMs, storeClockSkewMs }: ClaimLimits): string {
  return `${SERVER_NOW}
local host = tonumber(ARGV[1])
if now - host > ${storeClockSkewMs} or host - now > ${storeClockSkewMs} then
  return '!' .. string.format('%.0f', now - host)
end
${EPOCH}${SIGNER_COUNT}
local earliest = marker + ${clockSkewMs}
local latest = now + ${clockSkewMs}
local letters = ''
local failure = ''
local is_refused = false
local k, a = 2, 2
while ARGV[a] do
  local count, size, span = KEYS[k], ARGV[a], ARGV[a + 1]
  local number = tonumber(size)
  local total = redis.pcall('HINCRBY', count, 't', size)
  local room, taken = 0, 0
  local is_late = false
  local refusal = 'f'
  if type(total) == 'number' then
    if total > ${perSignerShare} then total = tidy_count(count) end
    room = ${perSignerShare} - total + number
  else
    refusal = 'e'
    failure = total.err
  end
  a = a + 2
  for i = k + 1, k + number do
    local expires, issued = tonumber(ARGV[a]), tonumber(ARGV[a + 1])
    local letter
    a = a + 2
    if issued < earliest then
      letter = 'b'
    elseif issued > latest then
      letter = 'a'
    elseif taken >= room then
      letter = redis.call('EXISTS', KEYS[i]) == 1 and 'r' or refusal
    else
      local life = expires - now
      if life < 0 then life = 0 end
      local reply = redis.pcall('SET', KEYS[i], '1', 'NX', 'PX', life + ${storeClockSkewMs})
      if not reply then
        letter = 'r'
      elseif reply.err then
        letter = redis.call('EXISTS', KEYS[i]) == 1 and 'r' or 'e'
        failure = reply.err
      else
        letter = 'c'
        taken = taken + 1
        if life == 0 then is_late = true end
      end
    end
    if letter ~= 'c' and letter ~= 'r' then is_refused = true end
    letters = letters .. letter
  end
  k = k + number + 1
  if refusal == 'f' then
    if taken < number then redis.call('HINCRBY', count, 't', taken - number) end
    if taken > 0 then
      -- All of a group are counted for as long as the last of them stays.
      if is_late then span = math.max(span, ${luaSpanOf(`now + ${storeClockSkewMs}`)}) end
      local in_span = redis.call('HINCRBY', count, span, taken == number and size or taken)
      if in_span == taken then begin_span(count, span) end
    end
  end
end
if is_refused then return string.format('%s %.0f %.0f %s', letters, marker, now, failure) end
return letters
`;
}
