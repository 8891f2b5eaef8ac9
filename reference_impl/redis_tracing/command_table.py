"""The known Redis commands: their span names, the positions of their keys, and which of them only read.

Only names of this closed table are shown. A test compares it with the reply of a real server to COMMAND.
Source: docs/specification.md S2.1, and https://redis.io/docs/latest/commands/ up to Redis 7.4, and Valkey's up to 9.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from reference_impl.redis_tracing.command_keys import (
    Arguments,
    Keys,
    all_arguments,
    all_but_first,
    all_but_last,
    counted,
    counted_pairs,
    every_other,
    first_key,
    first_two,
    located_and_stored,
    match_pattern,
    sorted_and_stored,
    streams_read,
)
from reference_impl.vocabulary import OTHER, PIPELINE, REDIS_DELETE, REDIS_OTHER, REDIS_PIPELINE

Hit: TypeAlias = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: `span` and `operation` as shown; `keys` selects the keys among its arguments, None for no keys.

    `skip` is the number of leading arguments that are the command's name. `pattern`: the key is a glob. `hit` returns
    whether a result is a cache hit; None for a command that does not read a cache. `reads`: the command changes
    nothing, so it may be sent twice.
    """

    operation: str
    span: str
    keys: Keys | None = None
    pattern: bool = False
    hit: Hit | None = None
    reads: bool = False
    skip: int = 1


def _found(result: object) -> bool:
    return result is not None


def _all_found(result: object) -> bool:
    return bool(result) and isinstance(result, (list, tuple)) and None not in result


HITS: Final[Mapping[str, Hit]] = {
    **dict.fromkeys(("GET", "GETEX", "GETDEL", "HGET"), _found),
    "HGETALL": bool,
    **dict.fromkeys(("MGET", "HMGET"), _all_found),
}
"""The read commands of S2.2, whose spans have `cache_hit` and `cache_miss`.

An empty value is a hit. HGETALL misses if the hash is empty, because Redis stores no empty hash. MGET and HMGET hit
only if every value exists.
"""


_LAYOUTS: Final[Sequence[tuple[Keys | None, str]]] = (
    (
        None,
        """
        ACL ASKING AUTH BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND COMMANDLOG CONFIG DBSIZE DEBUG DISCARD ECHO EXEC
        FAILOVER FLUSHALL FLUSHDB FUNCTION HELLO INFO LASTSAVE LATENCY LOLWUT MEMORY MIGRATE MODULE MONITOR MULTI
        PFSELFTEST PING PSUBSCRIBE PSYNC PUBLISH PUBSUB PUNSUBSCRIBE QUIT RANDOMKEY READONLY READWRITE REPLCONF
        REPLICAOF RESET ROLE SAVE SCRIPT SELECT SHUTDOWN SLAVEOF SLOWLOG SPUBLISH SSUBSCRIBE STRALGO SUBSCRIBE
        SUNSUBSCRIBE SWAPDB SYNC TIME UNSUBSCRIBE UNWATCH WAIT WAITAOF OBJECT PFDEBUG XGROUP XINFO""",
    ),
    (
        first_key,
        """
        APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS DECR DECRBY DELIFEQ DUMP EXPIRE EXPIREAT EXPIRETIME GEOADD
        GEODIST GEOHASH GEOPOS GEORADIUS_RO GEORADIUSBYMEMBER_RO GEOSEARCH GET GETBIT
        GETDEL GETEX GETRANGE GETSET HDEL HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGET HGETALL HGETDEL HGETEX HINCRBY
        HINCRBYFLOAT HKEYS HLEN HMGET HMSET HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSET
        HSETEX HSETNX HSTRLEN HTTL HVALS INCR INCRBY INCRBYFLOAT LINDEX LINSERT LLEN LPOP LPOS LPUSH LPUSHX LRANGE
        LREM LSET LTRIM MOVE PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD PSETEX PTTL RESTORE RESTORE-ASKING RPOP
        RPUSH RPUSHX SADD SCARD SET SETBIT SETEX SETNX SETRANGE SISMEMBER SMEMBERS SMISMEMBER SORT_RO SPOP
        SRANDMEMBER SREM SSCAN STRLEN SUBSTR TTL TYPE XACK XADD XAUTOCLAIM XCLAIM XDEL XLEN XPENDING XRANGE XREVRANGE
        XSETID XTRIM ZADD ZCARD ZCOUNT ZINCRBY ZLEXCOUNT ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX
        ZRANGEBYSCORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX
        ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE""",
    ),
    (
        first_two,
        """
        BLMOVE BRPOPLPUSH COPY GEOSEARCHSTORE LCS LMOVE RENAME RENAMENX RPOPLPUSH SMOVE ZRANGESTORE""",
    ),
    (
        all_arguments,
        """
        DEL EXISTS MGET PFCOUNT PFMERGE SDIFF SDIFFSTORE SINTER SINTERSTORE SUNION SUNIONSTORE TOUCH UNLINK WATCH""",
    ),
    (all_but_first, "BITOP"),
    (all_but_last, "BLPOP BRPOP BZPOPMAX BZPOPMIN"),
    (every_other, "MSET MSETNX"),
    (counted_pairs, "MSETEX"),
    (counted(0), "LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION"),
    (counted(1), "BLMPOP BZMPOP EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO"),
    (counted(1, first_too=True), "ZDIFFSTORE ZINTERSTORE ZUNIONSTORE"),
    (sorted_and_stored, "SORT"),
    (located_and_stored, "GEORADIUS GEORADIUSBYMEMBER"),
    (streams_read, "XREAD XREADGROUP"),
    (match_pattern, "CLUSTERSCAN SCAN"),
)

_PATTERNS: Final = frozenset({"CLUSTERSCAN", "KEYS", "SCAN"})

_READ_ONLY: Final = """
    BITCOUNT BITFIELD_RO BITPOS CLUSTERSCAN DBSIZE DUMP ECHO EXISTS EXPIRETIME GEODIST GEOHASH GEOPOS GEORADIUS_RO
    GEORADIUSBYMEMBER_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET HPTTL HRANDFIELD HSCAN
    HSTRLEN HTTL HVALS INFO KEYS LCS LINDEX LLEN LPOS LRANGE MGET PEXPIRETIME PFCOUNT PING PTTL RANDOMKEY SCAN SCARD
    SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO SRANDMEMBER SSCAN STRLEN SUBSTR SUNION TIME TTL TYPE
    XLEN XPENDING XRANGE XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE
    ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION"""
_READS: Final = frozenset(_READ_ONLY.split())

_SUBCOMMANDS: Final[Mapping[str, str]] = {
    "ACL": "CAT DELUSER DRYRUN GENPASS GETUSER LIST LOAD LOG SAVE SETUSER USERS WHOAMI",
    "CLIENT": "CACHING GETNAME GETREDIR ID INFO KILL LIST NO-EVICT NO-TOUCH PAUSE REPLY SETINFO SETNAME TRACKING "
    "TRACKINGINFO UNBLOCK UNPAUSE",
    "CLUSTER": "INFO KEYSLOT LINKS MYID NODES SHARDS SLOTS",
    "COMMAND": "COUNT DOCS GETKEYS INFO LIST",
    "COMMANDLOG": "GET LEN RESET",
    "CONFIG": "GET RESETSTAT REWRITE SET",
    "FUNCTION": "DELETE DUMP FLUSH KILL LIST LOAD RESTORE STATS",
    "LATENCY": "DOCTOR GRAPH HISTOGRAM HISTORY LATEST RESET",
    "MEMORY": "DOCTOR MALLOC-STATS PURGE STATS USAGE",
    "MODULE": "LIST LOAD LOADEX UNLOAD",
    "OBJECT": "ENCODING FREQ IDLETIME REFCOUNT",
    "PUBSUB": "CHANNELS NUMPAT NUMSUB SHARDCHANNELS SHARDNUMSUB",
    "SCRIPT": "DEBUG EXISTS FLUSH KILL LOAD",
    "SLOWLOG": "GET LEN RESET",
    "XGROUP": "CREATE CREATECONSUMER DELCONSUMER DESTROY SETID",
    "XINFO": "CONSUMERS GROUPS STREAM",
}
_KEYED_SUBCOMMANDS: Final = ("MEMORY USAGE", "OBJECT ", "XGROUP ", "XINFO ")


def _span(name: str) -> str:
    return REDIS_DELETE if name == "DEL" else f"redis.{name.lower()}"


def _table() -> dict[str, Command]:
    table = {
        name: Command(name, _span(name), keys, name in _PATTERNS, HITS.get(name), name in _READS)
        for keys, names in (*_LAYOUTS, (first_key, "KEYS"))
        for name in names.split()
    }
    for container, subcommands in _SUBCOMMANDS.items():
        for operation in (f"{container} {subcommand}" for subcommand in subcommands.split()):
            keys = first_key if operation.startswith(_KEYED_SUBCOMMANDS) else None
            table[operation] = Command(operation, _span(container), keys)
    return table


COMMANDS: Final[Mapping[str, Command]] = _table()
"""Every known command by its upper-case name, subcommands as `SCRIPT LOAD`."""

UNKNOWN: Final = Command(OTHER, REDIS_OTHER)
"""Stands for every other command."""

THE_PIPELINE: Final = Command(PIPELINE, REDIS_PIPELINE)
"""Stands for a pipeline or transaction as a whole."""

_LONGEST: Final = max(map(len, COMMANDS))
_TWO_WORDS: Final[Mapping[str, Mapping[str, Command]]] = {
    container: {name: replace(COMMANDS[f"{container} {name}"], skip=2) for name in subcommands.split()}
    for container, subcommands in _SUBCOMMANDS.items()
}


def look_up(args: Arguments) -> Command:
    """Return the command of redis-py's arguments: the first one is its name, in any case, as text or bytes.

    A subcommand may be in the same argument (`"SCRIPT LOAD"`) or in the next. An unknown command is `UNKNOWN`.
    """
    name = args[0] if args else None
    command = COMMANDS.get(name) if type(name) is str else None
    if command is None:
        command = COMMANDS.get(_word(name), UNKNOWN)
    if len(args) > 1 and command.operation in _TWO_WORDS:
        return _TWO_WORDS[command.operation].get(_word(args[1]), command)
    return command


def _word(name: object) -> str:
    """Return a name in upper case, or "" if it cannot be in the table."""
    if not isinstance(name, (str, bytes)) or len(name) > _LONGEST:
        return ""
    return str(name, "ascii", "replace").upper() if isinstance(name, bytes) else str.upper(name)


def keys_of(command: Command, args: Arguments) -> Arguments:
    """Return the keys of a command (`args` begins with its name); none if the arguments do not fit the command."""
    if command.keys is None:
        return ()
    try:
        return command.keys(args[command.skip :])
    except (ValueError, IndexError):  # the server will reject a malformed command
        return ()
