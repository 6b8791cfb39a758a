import { EXACT_GROUPS } from "../../counters/window.js";
import { SERVER_NOW } from "./epoch.js";

/**
 * Lua of `counters/counter.ts` and `counters/window.ts`, with the same results. The groups of a counter are one flat list: first,
 * latest and count of each in turn.
 */
const COUNTER = `
local function in_window(groups, now, window)
  local from = 1
  while groups[from] and groups[from + 1] + window <= now do from = from + 3 end
  local live = {}
  for i = from, #groups do live[#live + 1] = groups[i] end
  return live
end

local function total(groups)
  local sum = 0
  for i = 3, #groups, 3 do sum = sum + groups[i] end
  return sum
end

local function add_call(groups, now, window)
  local size = #groups
  if size > 0 then
    local first, latest = groups[size - 2], groups[size - 1]
    now = math.max(now, latest)
    local is_close = size / 3 >= ${EXACT_GROUPS} and now - first < window / ${EXACT_GROUPS}
    if now == latest or is_close then
      groups[size - 1] = now
      groups[size] = groups[size] + 1
      return
    end
  end
  groups[size + 1], groups[size + 2], groups[size + 3] = now, now, 1
end

local function take_back_call(groups)
  if #groups == 0 then return groups end
  groups[3] = groups[3] - 1
  if groups[3] > 0 then return groups end
  local rest = {}
  for i = 4, #groups do rest[#rest + 1] = groups[i] end
  return rest
end

local function charge_rate(groups, now, max, window)
  local live = in_window(groups, now, window)
  if total(live) >= max then return nil end
  add_call(live, now, window)
  return live, live[#live - 1] + window
end

local function charge_budget(groups, now, max, expires)
  local count = groups[3] or 0
  if now >= expires or count >= max then return nil end
  return { groups[1] or now, now, count + 1 }, expires
end

local function load(key)
  local stored = redis.call('GET', key)
  return stored and cmsgpack.unpack(stored) or {}
end
`;

/**
 * The script that counts calls on the counters of one bucket, on all or on none, or takes them back.
 *
 * `KEYS`: the counters'. `ARGV`: `charge` or `refund`; then of each counter `r` for a rate or `b` for a budget, how many calls
 * have room, and the length of the window or the time of its end. Returns 0, or which counter has no room, from 1 on.
 *
 * @param keptLongerMs - How much longer than it must a counter is kept, for a clock that is set back.
 * @param readNow - Lua that sets `now`. Default is the server's clock.
 */
export function counterScript(keptLongerMs: number, readNow: string = SERVER_NOW): string {
  return `${readNow}${COUNTER}
local changed = {}
for i, key in ipairs(KEYS) do
  local kind, max, span = ARGV[3 * i - 1], tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local groups = load(key)
  if ARGV[1] == 'charge' then
    local expires
    if kind == 'r' then
      groups, expires = charge_rate(groups, now, max, span)
    else
      groups, expires = charge_budget(groups, now, max, span)
    end
    if not groups then return i end
    changed[i] = { groups, expires - now + ${keptLongerMs} }
  else
    if kind == 'r' then groups = in_window(groups, now, span) end
    changed[i] = { take_back_call(groups) }
  end
end
for i, key in ipairs(KEYS) do
  local groups, life = changed[i][1], changed[i][2]
  if #groups == 0 then
    redis.call('DEL', key)
  elseif life then
    redis.call('SET', key, cmsgpack.pack(groups), 'PX', life)
  else
    redis.call('SET', key, cmsgpack.pack(groups), 'XX', 'KEEPTTL')
  end
end
return 0
`;
}
