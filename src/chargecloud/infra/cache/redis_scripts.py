"""What is done in one step inside Redis, in Lua, and how its entries look.

One entry a charge point: `epoch gateway_id link_id` while somebody holds it, `epoch` alone for a while after it was
given up, so that the next epoch is higher. `born` names the run of the server and when the directory began in it; a
flush takes it away and a restart changes the run, so both are noticed, and for a moment nobody may claim what the
directory does not know: gateways tell first what they hold. Epochs are milliseconds of the server's clock, each granted
once a charge point; numbers are written with `%.0f`, because Lua would write them as 1.8e+12.
"""

from hashlib import sha1

import msgspec

from chargecloud.infra.cache.contract import Holder


class Script(msgspec.Struct, frozen=True, gc=False):
    """Lua and the name Redis knows it by."""

    lua: str
    sha: str


def _script(body: str) -> Script:
    lua = _COMMON + body
    return Script(lua, sha1(lua.encode(), usedforsecurity=False).hexdigest())


_COMMON = """
local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function text(n) return string.format('%.0f', n) end
local function birth(key, now)
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  local seen_run, at = string.match(redis.call('GET', key) or '', '^(%w+) (%d+)$')
  if seen_run ~= run then
    at = text(now)
    redis.call('SET', key, run .. ' ' .. at)
  end
  return run .. ' ' .. at, tonumber(at)
end
local function entry(key)
  local found = redis.call('GET', key)
  if not found then return nil end
  local epoch, gateway, link = string.match(found, '^(%d+) ?(%S*) ?(%S*)$')
  return tonumber(epoch or '0'), gateway or '', link or ''
end
"""

CLAIM = _script("""
-- KEYS entry, born; ARGV gateway, link, replace, own epoch, own gateway, own link, settle ms, life ms
local now, replace, own = now_ms(), tonumber(ARGV[3]), tonumber(ARGV[4])
local epoch, gateway, link = entry(KEYS[1])
if own > (epoch or 0) then
  epoch, gateway, link = own, ARGV[5], ARGV[6]
  redis.call('SET', KEYS[1], text(epoch) .. ' ' .. gateway .. ' ' .. link, 'PX', ARGV[8])
end
if epoch and link ~= '' and epoch ~= replace then return {'held', text(epoch), gateway, link} end
local _, born = birth(KEYS[2], now)
if not epoch and now - born < tonumber(ARGV[7]) and now >= born then
  return {'wait', text(tonumber(ARGV[7]) - (now - born))}
end
local floor = math.max(epoch or 0, born, replace)
if floor == now then return {'wait', '1'} end
epoch = math.max(now, floor + 1)
redis.call('SET', KEYS[1], text(epoch) .. ' ' .. ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[8])
return {'won', text(epoch), ARGV[1], ARGV[2]}
""")
"""`held` and `won` with the holder, or `wait` with milliseconds."""

HOLDER = _script("""
-- KEYS entry, born; ARGV settle ms
local epoch, gateway, link = entry(KEYS[1])
if epoch and link ~= '' then return {'held', text(epoch), gateway, link} end
if epoch then return {'none'} end
local now = now_ms()
local _, born = birth(KEYS[2], now)
if now - born < tonumber(ARGV[1]) and now >= born then return {'wait'} end
return {'none'}
""")

RELEASE = _script("""
-- KEYS entry; ARGV epoch, remembered ms
local epoch, gateway, link = entry(KEYS[1])
if epoch == tonumber(ARGV[1]) and link ~= '' then redis.call('SET', KEYS[1], text(epoch), 'PX', ARGV[2]) end
return {}
""")

ASSERT = _script("""
-- KEYS entries; ARGV life ms, then the entry each should have; answers number and present epoch of each that is lost
local lost = {}
for n = 1, #KEYS do
  local wanted = ARGV[n + 1]
  local found = redis.call('GET', KEYS[n])
  local epoch = found and tonumber(string.match(found, '^%d+'))
  local own = tonumber(string.match(wanted, '^%d+'))
  local released = found and not string.find(found, ' ', 1, true)
  if epoch and (epoch > own or (epoch == own and not released and found ~= wanted)) then
    lost[#lost + 1] = text(n)
    lost[#lost + 1] = text(epoch)
  elseif not epoch or epoch < own or not released then
    redis.call('SET', KEYS[n], wanted, 'PX', ARGV[1])
  end
end
return lost
""")

PULSE = _script("""
-- KEYS born
local name = birth(KEYS[1], now_ms())
return {name}
""")

TAKE = _script("""
-- KEYS bucket; ARGV limit, window ms, a name for this act
local now = now_ms()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return {'no'} end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'yes'}
""")


def holder_of(epoch: bytes, gateway_id: bytes, link_id: bytes) -> Holder:
    """What a script answered after its first word."""
    return Holder(gateway_id.decode(), link_id.decode(), int(epoch))
