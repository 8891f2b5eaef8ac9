"""The verdict cache: traces of a known shape, or of known parts, are counted instead of judged (ADRs 0011 and 0040).

`verdict_cache` knows traces, `cached_traces` is what they add, `unmentioned_parts` finds what no contract mentions in
them, and `cache_check` lets the engine judge some of them all the same. May import: `shapes`, `split_keys`.
"""
