"""What a session is in Redis, and the scripts that change it: each is one command, so nobody sees a half.

All keys of one session have one hash tag, and so one slot of a cluster (redis.io, "Redis cluster specification"):

    {lan-counter:NAME}:journal   hash    format; epoch; last, the number of the newest operation; batch, the name of the
                                         newest entry; lost, once some host has seen more than there is
                      :entries   stream  n-0, n the number of its last operation: b, its name; p, the name of the entry
                                         before it; o, the operations; t, when, in milliseconds of Redis' own clock;
                                         w, who was here. First comes 0-1, the beginning of an epoch
                      :snapshot  hash    last, state
                      :batches   hash    host -> how many batches it has appended, and the number of the newest
                      :hosts     zset    host -> until when it is here, in milliseconds of Redis' own clock
                      :rooms     hash    host -> what it says of itself, a JSON object (desktop.journal.redis.Presence)
                      :lost      hash    host -> how far it had come when the stream was found to have lost its tail
                      :past      hash    last; image, the history up to there (desktop.journal.redis_image)
                      :names     hash    token -> a name in the history (desktop.journal.redis_names)

A host counts its batches, and appends them one after the other: so one that comes again, after an answer that was lost
or on a connection that was given up, is known by its count, and answered with the number it got.
"""

from typing import Final, NamedTuple

FORMAT: Final = 1
"""Of all of this. Grows when an older program could no longer take part."""
ASIDE_DAYS: Final = 30
"""How long the entries of an epoch that ended are kept."""


class Keys(NamedTuple):
    """The names of a session's keys."""

    journal: str
    entries: str
    snapshot: str
    batches: str
    hosts: str
    rooms: str
    lost: str
    past: str
    names: str

    @classmethod
    def of(cls, session: str) -> "Keys":
        return cls(*(f"{{lan-counter:{session}}}:{name}" for name in cls._fields))


# KEYS: journal, entries, batches, names. ARGV: format, epoch, host, count of its batches, how many operations, the
# operations, the number of the newest that this host has applied, who was here, 1 if names are to be forgotten, then
# tokens and their names. Returns the number of the last operation; nothing if this is not the history that is known.
APPEND: Final = """
local known = redis.call('HMGET', KEYS[1], 'format', 'epoch', 'last', 'batch', 'lost')
if known[1] ~= ARGV[1] or known[2] ~= ARGV[2] or known[5] then return false end
local before = redis.call('HGET', KEYS[3], ARGV[3])
if before then
  local count, number = string.match(before, '^(%d+) (%d+)$')
  if tonumber(ARGV[4]) <= tonumber(count) then return tonumber(number) end
end
local last = tonumber(known[3])
if last < tonumber(ARGV[7]) then return false end
last = last + tonumber(ARGV[5])
local number, name = string.format('%.0f', last), ARGV[3] .. ':' .. ARGV[4]
local time = redis.call('TIME')
local at = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
if not redis.call('XADD', KEYS[2], 'NOMKSTREAM', number .. '-0', 'b', name, 'p', known[4], 'o', ARGV[6], 't', at,
                  'w', ARGV[8]) then
  return false
end
if ARGV[9] == '1' then redis.call('DEL', KEYS[4]) end
for place = 10, #ARGV, 2 do redis.call('HSETNX', KEYS[4], ARGV[place], ARGV[place + 1]) end
redis.call('HSET', KEYS[1], 'last', number, 'batch', name)
redis.call('HSET', KEYS[3], ARGV[3], ARGV[4] .. ' ' .. number)
return last
"""

# KEYS: journal, entries, snapshot, batches, lost, past, names, and the name that the old entries get. ARGV: format, the
# epoch that is to end ('' for none), the new one, its first state. Returns the epoch that holds then.
BEGIN: Final = f"""
local known = redis.call('HMGET', KEYS[1], 'format', 'epoch')
if (known[1] and known[1] ~= ARGV[1]) or (known[2] or '') ~= ARGV[2] then return known[2] end
redis.call('HSET', KEYS[1], 'format', ARGV[1], 'epoch', ARGV[3], 'last', 0, 'batch', ARGV[3])
redis.call('HDEL', KEYS[1], 'lost')
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('RENAME', KEYS[2], KEYS[8])
  redis.call('EXPIRE', KEYS[8], {ASIDE_DAYS} * 86400)
end
redis.call('DEL', KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7])
redis.call('XADD', KEYS[2], '0-1', 'b', ARGV[3])
redis.call('HSET', KEYS[3], 'last', 0, 'state', ARGV[4])
return ARGV[3]
"""

# KEYS: journal, lost. ARGV: the epoch that has lost something ('' for none), host, what it has seen (or '').
LOSE: Final = """
if (redis.call('HGET', KEYS[1], 'epoch') or '') ~= ARGV[1] then return end
redis.call('HSET', KEYS[1], 'lost', 1)
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
  redis.call('EXPIRE', KEYS[2], 60)
end
"""

# KEYS: journal, past. ARGV: epoch, last, image.
KEEP: Final = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return end
if tonumber(ARGV[2]) <= tonumber(redis.call('HGET', KEYS[2], 'last') or -1) then return end
redis.call('HSET', KEYS[2], 'last', ARGV[2], 'image', ARGV[3])
"""

# KEYS: journal, snapshot, entries, rooms, past. ARGV: epoch, last, state. Trims what is in the snapshot and in the
# history's image, and was read by every host that is here, or was lately; the entry at which that ends stays, to follow
# on.
SNAPSHOT: Final = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return end
local kept = tonumber(redis.call('HGET', KEYS[2], 'last') or -1)
if tonumber(ARGV[2]) > kept then
  redis.call('HSET', KEYS[2], 'last', ARGV[2], 'state', ARGV[3])
  kept = tonumber(ARGV[2])
end
kept = math.min(kept, tonumber(redis.call('HGET', KEYS[5], 'last') or 0))
for _, told in ipairs(redis.call('HVALS', KEYS[4])) do
  local room = cjson.decode(told)
  if room.epoch == ARGV[1] and room.read < kept then kept = room.read end
end
if kept > 0 then redis.call('XTRIM', KEYS[3], 'MINID', string.format('%.0f-0', kept)) end
"""

# KEYS: hosts, rooms, batches. ARGV: host, what it says of itself, for how many milliseconds, and after how many more
# it is forgotten. Returns what all others say who are here.
PRESENT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
for _, host in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[4])) do
  redis.call('ZREM', KEYS[1], host)
  redis.call('HDEL', KEYS[2], host)
  redis.call('HDEL', KEYS[3], host)
end
local others = {}
for _, host in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')) do
  local told = host ~= ARGV[1] and redis.call('HGET', KEYS[2], host)
  if told then table.insert(others, told) end
end
return others
"""

# KEYS: hosts, rooms. ARGV: host. Its count of batches is kept as long as any of them may still come.
ABSENT: Final = """
redis.call('ZADD', KEYS[1], redis.call('TIME')[1] * 1000 - 1000, ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
"""
