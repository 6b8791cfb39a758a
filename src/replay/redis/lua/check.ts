import { SERVER_NOW } from "./epoch.js";

/**
 * The script that tells how a server is set up: its eviction policy, its role, whether it tells its replication id, and its time
 * in milliseconds since the Unix epoch, apart from each other by blanks. `KEYS`: a key of the server's, for the client to find it by.
 */
export const CHECK_SCRIPT: string = `${SERVER_NOW}
local memory = redis.call('INFO', 'memory')
local info = redis.call('INFO', 'replication')
local policy = string.match(memory, 'maxmemory_policy:(%S+)') or 'unknown'
local role = string.match(info, 'role:(%a+)') or 'unknown'
local has_id = string.find(info, 'master_replid:%x') and string.find(redis.call('INFO', 'server'), 'run_id:%x')
return string.format('%s %s %s %.0f', policy, role, has_id and 'known' or 'unknown', now)
`;
