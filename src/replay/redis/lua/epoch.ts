/** Reads the server's clock: `now`, in milliseconds since the Unix epoch. */
export const SERVER_NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + (time[2] - time[2] % 1000) / 1000
`;

/**
 * Lua that sets `marker`: since when a bucket is remembered without a gap, in milliseconds since the Unix epoch. It has `now` and
 * `host`, the server's time and the host's, and the bucket's head in `KEYS[1]`.
 *
 * The head holds the marker, the replication id of the server that wrote it, and that server's run id. A server takes a new
 * replication id whenever it starts and whenever it is promoted, so an id that is not the head's says that what is in memory may be
 * an old snapshot, with the marker in it. Unlike `NOSCRIPT` that also holds where scripts come back with a snapshot (Redis 4 to 6),
 * and for a server that was replaced and is promoted again. It costs the server 2 µs for each batch.
 *
 * The id changes without a loss too, such as when the first replica is attached, and then the run id stays. A new run has lost
 * nothing if it has read an append-only file. Whatever was promoted may lack what the server before it had not sent it yet. What
 * cannot be known counts as lost. The new ids are written with the marker, so that only the first to come moves it.
 *
 * The marker is the later of both clocks, so that it is not put before the loss by a server whose clock is behind. A replica may be
 * set to take writes, and loses them: it is refused.
 */
export const EPOCH = `
local info = redis.call('INFO', 'replication')
if not string.find(info, 'role:master', 1, true) then error('READONLY this server is a replica') end
local head = redis.call('GET', KEYS[1])
local marker
if head and #head > 68 and string.find(info, string.sub(head, 15, 68), 1, true) then
  marker = tonumber(string.sub(head, 1, 13))
end
if not marker then
  local kept, run
  if head then kept, run = string.match(head, '^(%d+) master_replid:%x+ run_id:(%x+)$') end
  local run_now = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local id_now = string.match(info, 'master_replid:(%x+)')
  local is_whole = kept
    and string.find(info, 'second_repl_offset:-1', 1, true)
    and (run == run_now or string.find(redis.call('INFO', 'persistence'), 'aof_enabled:1', 1, true))
  marker = is_whole and tonumber(kept) or math.max(now, host)
  redis.call('SET', KEYS[1], string.format('%013.0f master_replid:%s run_id:%s', marker, id_now, run_now))
end
`;
