# ruff: noqa: E501 - a contract is one line here as it is in YAML
"""Contracts with one mistake each, and the same contracts without it."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: work\n"


@dataclass(frozen=True)
class Case:
    """A body that has one message: the id, the text at its place, a part of its message; and the body without the mistake."""

    id: str
    name: str
    wrong: str
    at: str
    says: str
    clean: str


def load(count: str = "1", more: str = "") -> str:
    """Return a body with one entry."""
    return f"children: {{load: {{span: db.query, count: {count}{more}}}}}\n"


def condition(when: str, then: str, body: str = "") -> str:
    """Return a body with one entry and one condition."""
    return f"{body or load('0..1')}conditions: {{c1: {{when: {when}, then: {then}}}}}\n"


CASES = [
    Case(
        "never-holds", "type and literal", "attributes: {n: {type: int, equals: x}}\n", "n: {type",
        "no span can meet `attributes.n` of `top`", "attributes: {n: {type: int, equals: 1.0}}\n",
    ),
    Case(
        "never-holds", "bounds without a whole number", "attributes: {n: {type: int, at_least: 0.2, at_most: 0.8}}\n",
        "n: {type", "no span can meet", "attributes: {n: {type: int, at_least: 0.2, at_most: 1}}\n",
    ),
    Case(
        "never-holds", "pattern and bound", "resource: {n: {matches: a, at_least: 1}}\n", "n: {matches",
        "`resource.n`", "resource: {n: {matches: a}}\n",
    ),
    Case(
        "never-holds", "pattern and literal", "attributes: {n: {matches: a+, equals: b}}\n", "n: {matches",
        "`attributes.n`", "attributes: {n: {matches: a+, equals: aa}}\n",
    ),
    Case(
        "never-holds", "NaN", "attributes: {n: .nan}\n", "n: .nan", "`attributes.n`", "attributes: {n: .inf}\n",
    ),
    Case(
        "never-holds", "status", "status: {one_of: [ok, error], matches: u.*}\n", "status: {one_of", "`status` of `top`",
        "status: {one_of: [ok, unset], matches: u.*}\n",
    ),
    Case(
        "never-holds", "scope", "scope: {type: int}\n", "scope: {type", "`scope` of `top`", "scope: {type: string}\n",
    ),
    Case(
        "never-holds", "optional that can only be missing",
        "attributes: {n: {type: string, at_least: 1, optional: true}}\n", "n: {type",
        "it can only be missing", "attributes: {n: {type: number, at_least: 1, optional: true}}\n",
    ),
    Case(
        "never-holds", "attribute of an event",
        "events: {e: {event: e, attributes: {n: {type: boolean, equals: 1}}}}\n", "n: {type",
        "`attributes.n` of `e`", "events: {e: {event: e, attributes: {n: {type: boolean, equals: true}}}}\n",
    ),
    Case(
        "never-holds", "two are true", "attributes: {a: true, b: true}\nexactly_one_true: [a, b]\n", "exactly_one_true: [a",
        "`exactly_one_true`", "attributes: {a: true, b: false}\nexactly_one_true: [a, b]\n",
    ),
    Case(
        "never-holds", "none is true", "attributes: {a: false, b: absent}\nexactly_one_true: [a, b]\n", "exactly_one_true: [a",
        "`exactly_one_true`", "attributes: {a: false}\nexactly_one_true: [a, b]\n",
    ),
    Case(
        "never-holds", "content against where", load(more=", where: {status: error}, status: unset"), "status: unset",
        "no span can meet `status` of `load` and also its own `where`", load(more=", where: {status: error}, kind: client"),
    ),
    Case(
        "never-holds", "attribute against where",
        load(more=", where: {attributes: {n: {at_least: 5}}}, attributes: {n: {at_most: 4}}"), "n: {at_most",
        "`attributes.n` of `load`", load(more=", where: {attributes: {n: {at_least: 5}}}, attributes: {n: {at_most: 5}}"),
    ),
    Case(
        "never-holds", "absent against where", load(more=", where: {attributes: {n: present}}, attributes: {n: absent}"),
        "n: absent", "`attributes.n`", load(more=", where: {attributes: {n: {optional: true, type: int}}}, attributes: {n: absent}"),
    ),
    Case(
        "never-holds", "duration against where", load(more=", where: {duration: {at_least: 1s}}, duration: 10ms"), "duration: 10ms",
        "`duration`", load(more=", where: {duration: {at_least: 1s}}, duration: 1s"),
    ),
    Case(
        "never-holds", "parent against where", load(more=", where: {parent: none}, parent: local"), "parent: local",
        "`parent`", load(more=", where: {duration: 1s}, parent: local"),
    ),
    Case(
        "never-holds", "entry against a rule", load(more=", kind: server") + "every: {r: {span: 'db.*', kind: client}}\n",
        "kind: server", "`load` and also the rule `r`, which selects the same spans",
        load(more=", kind: server") + "every: {r: {span: 'db.*', where: {status: error}, kind: client}}\n",
    ),
    Case(
        "never-holds", "rule against its own where", "every: {r: {span: a, where: {kind: client}, kind: server}}\n", "kind: server",
        "`kind` of `r` and also its own `where`", "every: {r: {span: a, where: {kind: client}, status: ok}}\n",
    ),
    Case(
        "never-holds", "concurrency", load("0..2", ", concurrency: 3..4"), "concurrency: 3..4",
        "`concurrency: 3..4` of `load` never holds", load("0..5", ", concurrency: 3..4"),
    ),
    Case(
        "never-selects", "where of an entry", load(more=", where: {attributes: {n: {one_of: [a], type: int}}}"), "n: {one_of",
        "`where` of `load` selects nothing", load(more=", where: {attributes: {n: {one_of: [1], type: int}}}"),
    ),
    Case(
        "never-selects", "where of a rule", "every: {r: {span: a, where: {kind: {matches: x}}, status: ok}}\n", "kind: {matches",
        "`kind`", "every: {r: {span: a, where: {kind: {matches: c.*}}, status: ok}}\n",
    ),
    Case(
        "when-never-holds", "of a forbidden entry", condition("{load: present}", "{top: {status: ok}}", load("0")), "load: present",
        "it needs 1.. spans of `load`, but there can be at most 0", condition("{load: present}", "{top: {status: ok}}"),
    ),
    Case(
        "when-never-holds", "more than count allows", condition("{load: {count: 2}}", "{top: {status: ok}}"),
        "load: {count", "it needs 2 spans of `load`, but there can be at most 1",
        condition("{load: {count: 2}}", "{top: {status: ok}}", load("0..3")),
    ),
    Case(
        "when-never-holds", "against where",
        condition("{load: {status: ok}}", "{top: {status: ok}}", load("0..1", ", where: {status: error}")), "load: {status",
        "its `status` contradicts `where` of `load`",
        condition("{load: {status: error}}", "{top: {status: ok}}", load("0..1", ", where: {attributes: {a: 1}}")),
    ),
    Case(
        "when-never-holds", "impossible content", condition("{load: {attributes: {n: {type: int, equals: a}}}}", "{top: {status: ok}}"),
        "load: {attributes", "no span can meet its `attributes.n`", condition("{load: {attributes: {n: {type: int}}}}", "{top: {status: ok}}"),
    ),
    Case(
        "when-never-holds", "below something absent",
        "children: {load: {span: a, count: 0..1, children: {sub: {span: b, count: 0..1}}}}\n"
        "conditions: {c1: {when: {load: absent, sub: present}, then: {top: {status: ok}}}}\n", "sub: present",
        "`sub` exists only below `load`, which must be absent",
        "children: {load: {span: a, count: 0..1, children: {sub: {span: b, count: 0..1}}}}\n"
        "conditions: {c1: {when: {load: present, sub: present}, then: {top: {status: ok}}}}\n",
    ),
    Case(
        "then-never-holds", "more than count allows", condition("{top: {status: ok}}", "{load: {count: 2}}"), "load: {count",
        "it needs 2 spans of `load`, but there can be at most 1", condition("{top: {status: ok}}", "{load: {count: 2}}", load("0..2")),
    ),
    Case(
        "then-never-holds", "fewer than count demands", condition("{top: {status: ok}}", "{load: absent}", load("1..")), "load: absent",
        "it needs 0 spans of `load`, but there must be at least 1",
        condition("{top: {status: ok}}", "{load: absent}", load("0..")),
    ),
    Case(
        "then-never-holds", "against when", condition("{load: present}", "{load: absent}"), "load: absent",
        "`when` needs 1.. spans of `load`, but `then` needs 0", condition("{load: present}", "{load: {status: ok}}"),
    ),
    Case(
        "then-never-holds", "content against when",
        condition("{load: {status: error}}", "{load: {status: ok}}"), "load: {status",
        "its `status` contradicts what `when` needs of `load`", condition("{load: {status: error}}", "{load: {kind: client}}"),
    ),
    Case(
        "then-never-holds", "content against the expectations",
        condition("{top: {status: ok}}", "{load: {kind: client}}", load("0..1", ", kind: server")), "load: {kind",
        "its `kind` contradicts the expectations of `load`",
        condition("{top: {status: ok}}", "{load: {kind: client}}", load("0..1", ", kind: {one_of: [client, server]}")),
    ),
    Case(
        "entry-shadowed", "forbidden next to a taker of all",
        "children: {any: {span: '*', count: 0..}, no: {span: redis.flush, count: 0}}\n", "no: {span",
        "`count: 0` of `no` can never be exceeded: such spans are assigned to `any`",
        "children: {any: {span: 'db.*', count: 0..}, no: {span: redis.flush, count: 0}}\nclosed: [children]\n",
    ),
    Case(
        "entry-shadowed", "content next to a taker of all",
        "children: {any: {span: 'redis.*', count: 0..}, get: {span: redis.get, count: 0.., status: ok}}\n", "get: {span",
        "`status` of `get` can never be broken: such spans are assigned to `any`", "children: {any: {span: 'redis.*', where: {status: ok}, count: 0..},"
        " get: {span: redis.get, count: 0.., status: ok}}\nclosed: [children]\n",
    ),
    Case(
        "entry-shadowed", "maximum next to a taker of all",
        "children: {get: {span: redis.get}, rest: {span: 'redis.*', count: 0..}}\n", "get: {span",
        "`count: 1` of `get` can never be exceeded", "children: {get: {span: redis.get}, rest: {span: 'redis.*', count: 0.., kind: client}}\n",
    ),
    Case(
        "pending-expired", "past", "status: ok\npending: {top: {reason: r, owner: team, until: 2026-06-30}}\n", "top: {reason",
        "`top` was pending until 2026-06-30 (team: r)",
        "status: ok\npending: {top: {reason: r, owner: team, until: 2026-07-01}}\n",
    ),
    Case(
        "never-judged", "content of what is forbidden", load("0", ", status: ok, children: {sub: {span: a}}"), "load: {span",
        "`status`, `children` of `load` is never checked", load("0", ", where: {status: ok}"),
    ),
    Case(
        "never-judged", "attributes of a forbidden event", "events: {e: {event: e, count: 0, attributes: {a: 1}}}\n", "e: {event",
        "`attributes` of `e` are never checked", "events: {e: {event: e, count: 0}}\n",
    ),
    Case(
        "never-judged", "compared with what is forbidden", load("0") + "attributes: {a: {same_as: load.a}}\n", "a: {same_as",
        "`same_as` of top.a is never checked: `load` has no spans", load("0..1") + "attributes: {a: {same_as: load.a}}\n",
    ),
    Case(
        "never-judged", "statement about what is forbidden", load("0") + "across: {s: {error_rate: 0.1, of: load}}\n", "s: {error_rate",
        "`s` of `across` is never checked", load("0..1") + "across: {s: {error_rate: 0.1, of: load}}\n",
    ),
    Case(
        "alternative-shadowed", "value", "attributes: {n: {one_of: [a, 1], type: string}}\n", "n: {one_of",
        "1 in `one_of` of top.attributes.n can never occur: the value must be type string",
        "attributes: {n: {one_of: [a, b], type: string}}\n",
    ),
    Case(
        "alternative-shadowed", "name", "children: {load: {span: [redis.get, 'redis.*']}}\n", "span: [redis.get",
        "`redis.get` in `span` of `load` has no effect: `redis.*` covers it", "children: {load: {span: [redis.get, 'redis.\\*']}}\n",
    ),
    Case(
        "alternative-shadowed", "name of a rule", "every: {r: {event: ['a*c', 'a*b*c'], count: 0}}\n", "event: ['a*c'",
        "`a*b*c` in `event` of `r` has no effect: `a*c` covers it", "every: {r: {event: ['a*c', 'a*b'], count: 0}}\n",
    ),
    Case(
        "says-nothing", "order of one", load("0..1") + "order: [load]\n", "order: [load]", "it needs at least two entries",
        "children: {load: {span: a}, store: {span: b}}\norder: [load, store]\n",
    ),
    Case(
        "says-nothing", "order of what is forbidden",
        "children: {a: {span: a}, b: {span: b}, no: {span: c, count: 0}}\norder: [a, no, b]\n", "order: [a",
        "`no` in `order` of `top` has no effect", "children: {a: {span: a}, b: {span: b}, no: {span: c, count: 0}}\norder: [a, b]\n",
    ),
    Case(
        "says-nothing", "closed next to a taker of all",
        "children: {a: {span: '*', count: 0.., kind: internal}}\nclosed: [children]\n", "closed: [children]",
        "`closed: [children]` of `top` has no effect: `a` accepts all children",
        "children: {a: {span: '*', where: {kind: internal}, count: 0..}}\nclosed: [children]\n",
    ),
    Case(
        "says-nothing", "closed events", "events: {e: {event: '*', count: 0..3}}\nclosed: [events]\n", "closed: [events]",
        "`e` accepts all events", "events: {e: {event: 'x*', count: 0..3}}\nclosed: [events]\n",
    ),
    Case(
        "says-nothing", "closed links", "links: {l: {count: 0..3}}\nclosed: [links]\n", "closed: [links]",
        "`l` accepts all links", "links: {l: {span: a, count: 0..3}}\nclosed: [links]\n",
    ),
    Case("says-nothing", "closed for nothing", "closed: []\nstatus: ok\n", "closed: []", "its list is empty", "closed: [links]\n"),
    Case(
        "says-nothing", "concurrency", load("0..2", ", concurrency: 0..2"), "concurrency: 0..2", "has no effect: its `count` of 0..2 guarantees it",
        load("0..3", ", concurrency: 0..2"),
    ),
    Case(
        "says-nothing", "rule", "every: {r: {span: a, where: {status: ok}}}\n", "r: {span", "the rule `r` has no effect",
        "every: {r: {span: a, where: {attributes: {a: 1}}}}\nclosed: [attributes]\n",
    ),
    Case(
        "says-nothing", "event of any number", "events: {e: {event: e, count: 0..}}\n", "e: {event", "`e` in `events` has no effect",
        "events: {e: {event: e, count: 0..}}\nclosed: [events]\n",
    ),
    Case(
        "says-nothing", "error rate", "across: {s: {error_rate: 1}}\n", "s: {error_rate", "all spans may fail",
        "across: {s: {error_rate: 0.5}}\n",
    ),
    Case(
        "says-nothing", "percentile", "across: {s: {duration: {p50: 5ms, p95: 4ms}}}\n", "s: {duration",
        "`p50` of `s` has no effect: the bound of `p95` is no looser", "across: {s: {duration: {p50: 5ms, p95: 6ms}}}\n",
    ),
    Case(
        "says-nothing", "same as itself", load(more=", attributes: {k: {same_as: load.k}}"), "k: {same_as",
        "it compares a value with itself", load("2", ", attributes: {k: {same_as: load.k}}"),
    ),
    Case(
        "says-nothing", "anything or nothing", "attributes: {k: {optional: true}}\n", "k: {optional",
        "`k` of `top` has no effect", "attributes: {k: {optional: true}}\nclosed: [attributes]\n",
    ),
    Case(
        "then-redundant", "count says it", condition("{top: {status: ok}}", "{load: present}", load("1")), "load: present",
        "`load` in `then` of `c1` has no effect: `count` already guarantees 1",
        condition("{top: {status: ok}}", "{load: present}", load("0..1")),
    ),
    Case(
        "then-redundant", "when says it", condition("{load: present}", "{load: present, top: {status: ok}}"), "load: present",
        "`when` already guarantees 1..", condition("{load: present}", "{load: {status: ok}, top: {status: ok}}"),
    ),
    Case(
        "entry-unused", "any number", load("0.."), "load: {span", "the entry `load` has no expectations",
        load("0..") + "closed: [children]\n",
    ),
    Case(
        "alias-unused", "of the contract", "aliases: {a: [b]}\nattributes: {b: 1}\n", "a: [b]",
        "no expectation names the attribute `a`", "aliases: {a: [b]}\nattributes: {a: 1}\n",
    ),
    Case(
        "class-unused", "of the contract", "classes: {badge: 'B[0-9]+'}\nevery: {r: {span: '*', forbid: [email]}}\n", "badge: 'B[0-9]",
        "nothing forbids the class `badge`", "classes: {badge: 'B[0-9]+'}\nevery: {r: {span: '*', forbid: [badge]}}\n",
    ),
    Case(
        "level-unused", "of an id", load() + "levels: {load/duration: off}\n", "load/duration: off",
        "`load` cannot give `duration`", load(more=", duration: 1s") + "levels: {load/duration: off}\n",
    ),
    Case(
        "level-unused", "of a finding", load() + "levels: {order: off}\n", "order: off", "the contract cannot give `order`",
        load() + "levels: {child-late: off, integrity/child-late: off, expectation-unproven: off, load/span-missing: off}\n",
    ),
    Case(
        "literal-suspicious", "exists", "attributes: {n: exists}\n", "exists",
        "is the literal text", "attributes: {n: {equals: exists}}\n",
    ),
    Case(
        "literal-suspicious", "Any", "attributes: {n: Any}\n", "Any",
        "is the literal text", "attributes: {n: {equals: Any}}\n",
    ),
    Case(
        "literal-suspicious", "required", "attributes: {n: required}\n", "required",
        "is the literal text", "attributes: {n: {equals: required}}\n",
    ),
    Case(
        "literal-suspicious", "missing", "attributes: {n: missing}\n", "missing",
        "is the literal text", "attributes: {n: {equals: missing}}\n",
    ),
    Case(
        "literal-suspicious", "undefined", "attributes: {n: undefined}\n", "undefined",
        "is the literal text", "attributes: {n: {equals: undefined}}\n",
    ),
    Case(
        "literal-suspicious", "optional", "attributes: {n: optional}\n", "optional",
        "is the literal text", "attributes: {n: {equals: optional}}\n",
    ),
    Case(
        "literal-suspicious", "integer", "attributes: {n: integer}\n", "integer",
        "is the literal text", "attributes: {n: {equals: integer}}\n",
    ),
    Case(
        "literal-suspicious", "200..299", "attributes: {n: 200..299}\n", "200..299",
        "is a text, not a range", "attributes: {n: {equals: 200..299}}\n",
    ),
    Case(
        "literal-suspicious", "200-299", "attributes: {n: 200-299}\n", "200-299",
        "is a text, not a range", "attributes: {n: {equals: 200-299}}\n",
    ),
    Case(
        "literal-suspicious", "5..", "attributes: {n: 5..}\n", "5..",
        "is a text, not a range", "attributes: {n: {equals: 5..}}\n",
    ),
    Case(
        "literal-suspicious", "5xx", "attributes: {n: 5xx}\n", "5xx",
        "is a text, not a range", "attributes: {n: {equals: 5xx}}\n",
    ),
    Case(
        "literal-suspicious", ">= 500", "attributes: {n: '>= 500'}\n", "'>= 500'",
        "is a text, not a range", "attributes: {n: {equals: '>= 500'}}\n",
    ),
    Case(
        "literal-suspicious", "/cart.*/", "attributes: {n: /cart.*/}\n", "/cart.*/",
        "is a text, not a pattern", "attributes: {n: {equals: /cart.*/}}\n",
    ),
    Case(
        "literal-suspicious", "/x/", "attributes: {n: /x/}\n", "/x/",
        "is a text, not a pattern", "attributes: {n: {equals: /x/}}\n",
    ),
    Case(
        "literal-suspicious", "/^a/i", "attributes: {n: /^a/i}\n", "/^a/i",
        "is a text, not a pattern", "attributes: {n: {equals: /^a/i}}\n",
    ),
    Case(
        "literal-suspicious", "^GET", "attributes: {n: ^GET}\n", "^GET",
        "is a text, not a pattern", "attributes: {n: {equals: ^GET}}\n",
    ),
    Case(
        "literal-suspicious", "cart$", "attributes: {n: cart$}\n", "cart$",
        "is a text, not a pattern", "attributes: {n: {equals: cart$}}\n",
    ),
    Case(
        "literal-suspicious", "a.+", "attributes: {n: 'a.+'}\n", "'a.+'",
        "is a text, not a pattern", "attributes: {n: {equals: 'a.+'}}\n",
    ),
    Case(
        "literal-suspicious", "session:*", "attributes: {n: 'session:*'}\n", "'session:*'",
        "is an asterisk", "attributes: {n: {equals: 'session:*'}}\n",
    ),
    Case(
        "literal-suspicious", "*.example.com", "attributes: {n: '*.example.com'}\n", "'*.example.com'",
        "is an asterisk", "attributes: {n: {equals: '*.example.com'}}\n",
    ),
    Case(
        "literal-suspicious", "null", "attributes: {n: null}\n", "null",
        "`null` is the empty value", "attributes: {n: {equals: null}}\n",
    ),
    Case(
        "literal-suspicious", "in resource", "resource: {n: any}\n", "any",
        "`any` is the literal text", "resource: {n: present}\n",
    ),
    Case(
        "literal-suspicious", "in scope", "scope: any\n", "any",
        "`any` is the literal text", "scope: present\n",
    ),
    Case(
        "literal-suspicious", "in status_message", "status: error\nstatus_message: any\n", "any",
        "`any` is the literal text", "status: error\nstatus_message: present\n",
    ),
    Case(
        "literal-suspicious", "in where of an entry", load(more=", where: {attributes: {n: any}}"), "any",
        "`any` is the literal text", load(more=", where: {attributes: {n: present}}"),
    ),
    Case(
        "literal-suspicious", "in an event", "events: {e: {event: e, attributes: {n: any}}}\n", "any",
        "`any` is the literal text", "events: {e: {event: e, attributes: {n: present}}}\n",
    ),
    Case(
        "literal-suspicious", "in a link", "links: {e: {span: e, attributes: {n: any}}}\n", "any",
        "`any` is the literal text", "links: {e: {span: e, attributes: {n: present}}}\n",
    ),
    Case(
        "literal-suspicious", "in a rule", "every: {r: {span: a, attributes: {n: any}}}\n", "any",
        "`any` is the literal text", "every: {r: {span: a, attributes: {n: present}}}\n",
    ),
    Case(
        "literal-suspicious", "in a condition", condition("{load: {attributes: {n: any}}}", "{top: {status: ok}}"), "any",
        "`any` is the literal text", condition("{load: {attributes: {n: present}}}", "{top: {status: ok}}"),
    ),
    Case(
        "literal-suspicious", "deep below", load(more=", children: {sub: {span: b, attributes: {n: any}}}"), "any",
        "`any` is the literal text", load(more=", children: {sub: {span: b, attributes: {n: 200}}}"),
    ),
    Case(
        "literal-suspicious", "paths, versions and names are no patterns", "attributes: {n: any, path: /cart/items/, a: '1.2.3', b: 2026-01-02, c: 'a/b'}\n",
        "any", "`any`", "attributes: {n: {equals: any}, path: /cart/items, route: '/users/{id}', host: a.example.com, sql: SELECT 1}\n",
    ),
    Case(
        "forbid-of-one-span", "of the body", "forbid: [email]\n" + load(), "forbid",
        "covers the spans of `top` alone, not those below: email",
        "every: {private: {span: '*', forbid: [email]}}\nforbid: [email]\n" + load(),
    ),
    Case(
        "forbid-of-one-span", "of an entry with others below",
        load(more=", forbid: [card], children: {sub: {span: b}}"), "forbid", "covers the spans of `load` alone",
        load(more=", forbid: [card]"),
    ),
    Case(
        "forbid-of-one-span", "a rule for some spans only",
        "every: {private: {span: 'db.*', forbid: [email]}}\nforbid: [email]\n" + load(), "forbid: [email]",
        "not those below: email", "every: {private: {span: '*', forbid: [email]}}\nforbid: [email]\n" + load(),
    ),
    Case(
        "forbid-of-one-span", "only the classes that no rule forbids",
        "every: {private: {span: '*', forbid: [email]}}\nforbid: [email, card]\n" + load(), "forbid: [email, card]",
        "not those below: card", "every: {private: {span: '*', forbid: [email, card]}}\n" + load(),
    ),
]  # fmt: skip
