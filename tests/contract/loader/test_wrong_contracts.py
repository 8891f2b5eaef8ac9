# ruff: noqa: E501 - messages are one line here as they are there
"""What a wrong contract is answered: file, line, column, what is wrong, and what is accepted, word for word."""

from __future__ import annotations

import pytest

from spanpact.contract.loader import load_text, vocabulary
from spanpact.errors import ContractError
from spanpact.findings.catalogue import CATALOGUE

HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\n"
FILE = ", ".join(vocabulary.FILE)
MATCHER = ", ".join(vocabulary.MATCHER)
FINDINGS = ", ".join(CATALOGUE)

WRONG = [
    (
        HEAD + "span: a\nacross: {s: {sampling: 1, confidence: 1}}",
        "5:39: `confidence` must be greater than 0 and less than 1, not 1",
    ),
    (
        HEAD + "span: a\nacross: {s: {duration: {}}}",
        "5:24: `duration` is empty (accepted: percentiles, such as {p95: 5ms})",
    ),
    (
        HEAD + "span: a\nduration: {}",
        "5:11: `duration` is empty (accepted: at_least, at_most)",
    ),
    (
        HEAD + f"span: a\nattributes: {{x: {{matches: {'a' * 1001}}}}}",
        "5:27: the pattern of `matches` is longer than 1,000 characters",
    ),
    (
        HEAD + "span: a\nacross: {s: {error_rate: 0, samples: 1.5}}",
        "5:38: `samples` must be a whole number, not the number `1.5`",
    ),
    (
        HEAD + "span: a\natributes: {x: 1}",
        f"5:1: unknown keyword `atributes` in a contract (did you mean `attributes`? accepted: {FILE})",
    ),
    (HEAD + "span: a\ncount: 2", f"5:1: `count` is not allowed in a contract (accepted: {FILE})"),
    (HEAD + "span: a\nfrobnicate: 2", f"5:1: unknown keyword `frobnicate` in a contract (accepted: {FILE})"),
    (
        "spanpact: 2\ncontract: c\nversion: 1.0.0",
        "1:11: version 2 of the language is not known; a later spanpact may read it (accepted: 1)",
    ),
    ("spanpact: '1'\ncontract: c", "1:11: `spanpact` must be the version of the language (accepted: 1)"),
    ("contract: c\nversion: 1.0.0", "1:1: the file needs `spanpact`"),
    ("spanpact: 1\nversion: 1.0.0", "1:1: the file needs `contract` or `fragment`, with its name"),
    ("spanpact: 1\ncontract: c\nfragment: d", "3:1: a file is a contract or a fragment, not both"),
    (
        "spanpact: 1\ncontract: Session_validate\nversion: 1.0.0",
        "2:11: the name `Session_validate` is malformed (accepted: [a-z][a-z0-9-]*)",
    ),
    ("spanpact: 1\ncontract: c", "1:1: a contract needs `version`"),
    (
        "spanpact: 1\ncontract: c\nversion: 1.0",
        "3:10: `version` cannot be `1.0` (accepted: a semantic version, such as 1.0.0)",
    ),
    (
        "spanpact: 1\ncontract: c\nversion: 1.0.01",
        "3:10: `version` cannot be `1.0.01` (accepted: a semantic version, such as 1.0.0)",
    ),
    ("spanpact: 1\nfragment: c\nspan: x", "2:1: a fragment is not a contract (a contract names it in `extends`)"),
    ("spanpact: 1\nfragment: c", "2:1: a fragment is not a contract (a contract names it in `extends`)"),
    (
        HEAD + "span: a\nkind: cleint",
        "5:7: `kind` cannot be `cleint` (did you mean `client`? accepted: unspecified, internal, server, client, producer, consumer)",
    ),
    (HEAD + "span: a\nkind: [client, server]", "5:7: `kind` cannot be a list (write {one_of: [...]})"),
    (
        HEAD + "span: a\nstatus: {one_of: [ok, eror]}",
        "5:23: `status` cannot be `eror` (did you mean `error`? accepted: unset, ok, error)",
    ),
    (
        HEAD + "span: a\nstatus: {at_least: 3}",
        "5:10: `at_least` is not allowed in the matcher of `status` (accepted: equals, one_of, matches)",
    ),
    (
        HEAD + "span: a\nparent: remot",
        "5:9: `parent` cannot be `remot` (did you mean `remote`? accepted: none, local, remote)",
    ),
    (HEAD + "span: a\nattributes: [x]", "5:13: `attributes` must be a mapping, not a list"),
    (
        HEAD + "span: a\nattributes: {x: {equal: 5}}",
        f"5:18: unknown keyword `equal` in the matcher of `x` (did you mean `equals`? accepted: {MATCHER})",
    ),
    (HEAD + "span: a\nattributes: {x: {}}", f"5:17: the matcher of `x` is empty (accepted: {MATCHER})"),
    (
        HEAD + "span: a\nattributes: {x: {type: integer}}",
        "5:24: `type` cannot be `integer` (did you mean `int`? accepted: string, boolean, int, double, number, bytes, array, map)",
    ),
    (HEAD + "span: a\nattributes: {x: {at_least: '5'}}", "5:28: `at_least` must be a number, not the text `5`"),
    (HEAD + "span: a\nattributes: {x: {at_least: 5, at_most: 4}}", "5:40: `at_most` 4 is less than `at_least` 5"),
    (HEAD + "span: a\nattributes: {x: {at_most: .nan}}", "5:27: `at_most` cannot be NaN, as nothing compares with it"),
    (
        HEAD + "span: a\nattributes: {x: {matches: 'a(?=b)'}}",
        "5:27: RE2 refuses the pattern `a(?=b)`: invalid perl operator: (?= (https://github.com/google/re2/wiki/Syntax)",
    ),
    (
        HEAD + "span: a\nattributes: {x: {matches: '('}}",
        "5:27: RE2 refuses the pattern `(`: missing ): ( (https://github.com/google/re2/wiki/Syntax)",
    ),
    (HEAD + "span: a\nattributes: {x: {optional: 1}}", "5:28: `optional` must be true or false, not the number `1`"),
    (HEAD + "span: a\nattributes: {x: {one_of: []}}", "5:26: `one_of` is an empty list"),
    (
        HEAD + "span: a\nattributes: {x: {equals: {a: 1}}}",
        "5:26: a literal of `x` must be a scalar or a list, not a mapping",
    ),
    (
        HEAD + "span: a\nattributes: {x: {same_as: lookup}}",
        "5:27: `same_as` cannot be `lookup` (accepted: id.attribute, such as top.user.id)",
    ),
    (
        HEAD + "span: a\nattributes: {x: {same_as: lookup.key}}",
        "5:27: `same_as` names `lookup`, which is not an entry (accepted: top)",
    ),
    (
        HEAD + "span: a\nwhere: {attributes: {x: {same_as: top.key}}}",
        "5:26: `same_as` is not allowed here (accepted: in attributes and resource, where nothing is selected)",
    ),
    (
        HEAD + "span: a\nstatus_message: {same_as: top.key}",
        "5:18: `same_as` is not allowed here (accepted: in attributes and resource, where nothing is selected)",
    ),
    (HEAD + "span: a\nexactly_one_true: [a, a]", "5:23: `a` is in `exactly_one_true` twice"),
    (
        HEAD + "span: a\nduration: 5",
        "5:11: `duration` cannot be the number `5` (accepted: a number with ns, us, ms, s or min, such as 1.5ms)",
    ),
    (
        HEAD + "span: a\nduration: {at_least: 5ms, at_most: 4ms}",
        "5:36: `at_most` is less than `at_least`",
    ),
    (HEAD + "span: a\nduration: 0.5ns", "5:11: `duration` `0.5ns` is not a whole number of nanoseconds"),
    (
        HEAD + "span: a\nduration: {most: 5ms}",
        "5:12: unknown keyword `most` in `duration` (did you mean `at_most`? accepted: at_least, at_most)",
    ),
    (
        HEAD + "span: a\nforbid: [email, emial]",
        "5:17: `forbid` names `emial`, which is not a privacy class (did you mean `email`? accepted: email, card, ip, jwt, bearer, private_key, url_credentials)",
    ),
    (HEAD + "span: a\nexcept: [server.address]", "5:1: `except` needs `forbid`"),
    (
        HEAD + "span: a\nevents: {opened: {name: x}}",
        "5:19: `name` is not allowed in the event `opened` (accepted: event, via, count, attributes)",
    ),
    (HEAD + "span: a\nevents: {opened: {via: log}}", "5:18: the event `opened` needs `event`"),
    (
        HEAD + "span: a\nevents: {opened: {event: x, via: logs}}",
        "5:34: `via` cannot be `logs` (did you mean `log`? accepted: span, log, either)",
    ),
    (HEAD + "span: a\nchildren: {b: {}}", "5:12: the entry `b` needs `span`"),
    (HEAD + "span: a\nchildren: {b: redis.get}", "5:15: the entry `b` must be a mapping, not the text `redis.get`"),
    (HEAD + "span: a\nchildren: {B: {span: b}}", "5:12: the id `B` is malformed (accepted: [a-z][a-z0-9_]*)"),
    (HEAD + "span: a\nchildren: {top: {span: b}}", "5:12: the id `top` is reserved"),
    (
        HEAD + "span: a\nchildren:\n  b: {span: b}\n  c: {span: c, children: {b: {span: d}}}",
        "7:27: the id `b` already names an entry (f:6:3)",
    ),
    (
        HEAD + "span: a\nchildren: {b: {span: b}}\nevents: {b: {event: x}}",
        "6:10: the id `b` already names an entry (f:5:12)",
    ),
    (HEAD + "span: a\nchildren: {b: {span: b, count: 2..1}}", "5:32: `count` 2..1 is empty, as 1 is less than 2"),
    (
        HEAD + "span: a\nchildren: {b: {span: b, count: many}}",
        "5:32: `count` cannot be `many` (accepted: n, n..m, n..)",
    ),
    (
        HEAD + "span: a\nchildren: {b: {span: b, count: -1}}",
        "5:32: `count` cannot be the number `-1` (accepted: n, n..m, n..)",
    ),
    (HEAD + "span: a\nchildren: {b: {span: []}}", "5:22: `span` is an empty list"),
    (HEAD + "span: 5", "4:7: `span` must be text, not the number `5` (quote it)"),
    (
        HEAD + "span: a\nclosed: [childs]",
        "5:10: `closed` cannot be `childs` (did you mean `children`? accepted: children, attributes, events, links)",
    ),
    (HEAD + "span: a\nclosed: children", "5:9: `closed` must be a list, not the text `children` (write it as [a, b])"),
    (
        HEAD + "span: a\norder: [b, c]\nchildren: {b: {span: b}}",
        "5:12: `order` names `c`, which is not an entry (accepted: top, b)",
    ),
    (
        HEAD + "span: a\nchildren:\n  b: {span: b, order: [d]}\n  c: {span: c, children: {d: {span: d}}}",
        "6:24: `d` in `order` is not at or below `b`",
    ),
    (HEAD + "span: a\nevents: {b: {event: b}}\norder: [b]", "6:9: `b` in `order` is an event, not an entry"),
    (
        HEAD + "span: a\nconditions: {c1: {when: {lookup: present}, then: {top: absent}}}",
        "5:26: `when` names `lookup`, which is not an entry (accepted: top)",
    ),
    (
        HEAD + "span: a\nconditions: {c1: {when: {top: here}, then: {top: absent}}}",
        "5:31: `top` must be present, absent or a mapping of content keywords",
    ),
    (HEAD + "span: a\nconditions: {c1: {when: {top: present}}}", "5:14: the condition `c1` needs `then` or `order`"),
    (
        HEAD + "span: a\nconditions: {c1: {when: {}, then: {top: present}}}",
        "5:25: `when` is empty (map ids of entries to present, absent or content)",
    ),
    (
        HEAD + "status: error\nchildren: {b: {span: b}}",
        "4:1: `status` needs `span` (without `span` the contract is about whole traces; accepted: children, descendants, closed, order, conditions, every)",
    ),
    (
        HEAD + "children: {b: {span: b}}\nclosed: [children, attributes]",
        "5:9: a body without `span` can be closed for children only",
    ),
    (HEAD + "span: a\nevery: {r: {kind: client}}", "5:9: the rule `r` needs `span` or `event`"),
    (HEAD + "span: a\nevery: {r: {span: a, event: b}}", "5:22: the rule `r` has both `span` and `event`"),
    (
        HEAD + "span: a\nevery: {r: {event: b, kind: client}}",
        "5:23: `kind` is not allowed in the rule `r` (accepted: event, via, where, count, attributes, forbid, except)",
    ),
    (HEAD + "span: a\nacross: {s: {sampling: 1.5}}", "5:24: `sampling` must be a number from 0 to 1, not `1.5`"),
    (
        HEAD + "span: a\nacross: {s: {sampling: 0.5, error_rate: 0.5}}",
        "5:29: the statement `s` needs exactly one of sampling, duration, error_rate",
    ),
    (HEAD + "span: a\nacross: {s: {error_rate: 0.5, confidence: 0.9}}", "5:31: `confidence` needs `sampling`"),
    (
        HEAD + "span: a\nacross: {s: {duration: {p101: 5ms}}}",
        "5:25: `p101` is not a percentile (accepted: p50, p95, p99.9)",
    ),
    (
        HEAD + "span: a\nacross: {s: {error_rate: 0.1, of: lookup}}",
        "5:35: `of` names `lookup`, which is not an entry (accepted: top)",
    ),
    (HEAD + "span: a\nacross: {s: {error_rate: 0.1, samples: 0}}", "5:40: `samples` must be at least 1, not 0"),
    (
        HEAD + "span: a\nlevels: {child-latte: off}",
        "5:10: `levels` names `child-latte`, which is not a finding id (did you mean `child-late`?)",
    ),
    (
        HEAD + "span: a\nlevels: {store/duration: off}",
        "5:10: `levels` names `store`, which is not an id of this contract (accepted: top, integrity)",
    ),
    (
        HEAD + "span: a\nlevels: {child-late: no}",
        "5:22: a level cannot be `no` (did you mean `off`? accepted: violation, improvement, information, off)",
    ),
    (
        HEAD + "span: a\npending: {store: {reason: r, owner: o, until: 2027-03-31}}",
        "5:11: `pending` names `store`, which is not an id of this contract (accepted: top)",
    ),
    (
        HEAD + "span: a\npending: {top: {reason: r, owner: o, until: 2027-02-30}}",
        "5:45: `until` cannot be `2027-02-30` (accepted: a day, such as 2027-03-31)",
    ),
    (HEAD + "span: a\npending: {top: {reason: r, until: 2027-02-28}}", "5:16: the pending `top` needs `owner`"),
    (
        HEAD + "span: a\nclock: {tolerence: 1ms}",
        "5:9: unknown keyword `tolerence` in `clock` (did you mean `tolerance`? accepted: tolerance, skew)",
    ),
    (
        HEAD + "span: a\nclock: {skew: 1}",
        "5:15: `skew` cannot be the number `1` (accepted: a number with ns, us, ms, s or min, such as 1.5ms)",
    ),
    (HEAD + "span: a\naliases: {a: a}", "5:14: `a` of `aliases` must be a list, not the text `a` (write it as [a, b])"),
    (HEAD + "span: a\naliases: {a: [a]}", "5:11: `a` cannot be an alias of itself"),
    (HEAD + "span: a\nclasses: {email: x}", "5:11: the class `email` is built in and cannot be changed"),
    (
        HEAD + "span: a\nclasses: {token: '[z-a]'}",
        "5:18: RE2 refuses the pattern `[z-a]`: invalid character class range: z-a (https://github.com/google/re2/wiki/Syntax)",
    ),
    (
        HEAD + "span: a\nextends: common.contract.yaml",
        "5:10: `extends` must be a list, not the text `common.contract.yaml` (write it as [a, b])",
    ),
    (HEAD + "span: a\nextends: [common.contract.yaml]", "5:11: `extends` needs a file or a `root` to be relative to"),
    (HEAD + "span: a\nscenario: 5", "5:11: `scenario` must be text, not the number `5` (quote it)"),
    (HEAD + "about: 5\nspan: a", "4:8: `about` must be text, not the number `5` (quote it)"),
    (HEAD + "span: a\nattributes: {x: }\nchildren:", "6:10: `children` must be a mapping, not nothing"),
    (
        HEAD + "span: a\nchildren: {b: {span: b, concurrency: lots}}",
        "5:38: `concurrency` cannot be `lots` (accepted: n, n..m, n..)",
    ),
    (
        HEAD + "span: a\norder: [b]\nchildern: {b: {span: b}}",
        f"6:1: unknown keyword `childern` in a contract (did you mean `children`? accepted: {FILE})",
    ),
    ("spanpact: 1\ncontract:\nversion: 1.0.0", "3:1: `contract` must be text, not nothing"),
    (HEAD + "span: ''", "4:7: `span` is empty"),
    (
        HEAD + "span: a\nlevels: {nothing-like-it: off}",
        f"5:10: `levels` names `nothing-like-it`, which is not a finding id (accepted: {FINDINGS})",
    ),
    (
        HEAD + "span: a\nchildren: {b: {span: b, contract: x}}",
        "5:25: `contract` is not allowed in the entry `b` (accepted: span, where, count, kind, status, status_message, attributes, resource, scope, exactly_one_true, parent, events, links, duration, forbid, except, children, descendants, closed, order, conditions, concurrency)",
    ),
    (
        HEAD + "span: a\nattributes: {x: {sameas: top.y}}",
        f"5:18: unknown keyword `sameas` in the matcher of `x` (did you mean `same_as`? accepted: {MATCHER})",
    ),
    (HEAD + "span: a\nexamples: 5\nattributes: {'': 5}", "6:14: an attribute's name is empty"),
    (
        HEAD + "span: a\nlinks: {l: {span: x, event: y}}",
        "5:22: `event` is not allowed in the link `l` (accepted: span, count, attributes)",
    ),
    (HEAD + "span: a\nclasses: {Token: x}", "5:11: the class `Token` is malformed (accepted: [a-z][a-z0-9_]*)"),
    (
        HEAD + "span: a\nevery: {r: {event: b, where: {status: error}}}",
        "5:31: `status` is not allowed in `where` of an event (accepted: attributes, forbid, except)",
    ),
    (HEAD + "span: a\nclosed: [events, events]", "5:18: `events` is in `closed` twice"),
    (
        HEAD + "span: a\nacross: {s: {of: top}}",
        "5:10: the statement `s` needs exactly one of sampling, duration, error_rate",
    ),
    (
        HEAD + "span: a\nattributes: {x: {matches: ''}}\nclasses: {t: 5}",
        "6:14: the class `t` must be text, not the number `5` (quote it)",
    ),
    (
        HEAD + "span: a\nattributes: {x: {same_as: b.y}}\nevents: {b: {event: b}}",
        "5:27: `b` in `same_as` is an event, not an entry",
    ),
    (
        HEAD + "span: a\nconditions: {c1: {when: {top: {}}, then: {top: present}}}",
        "5:31: the content of `top` is empty",
    ),
    (HEAD + "span: a\nstatus: {}", "5:9: the matcher of `status` is empty (accepted: equals, one_of, matches)"),
    (
        HEAD + "span: a\nchildren: {b: {span: b, where: {kind: client, count: 2}}}",
        "5:47: `count` is not allowed in `where` (accepted: kind, status, status_message, attributes, resource, scope, exactly_one_true, parent, events, links, duration, forbid, except)",
    ),
    (HEAD + "span: {a: b}", "4:7: `span` must be a name or a list of names, not a mapping"),
    (HEAD + "span: [a, a]", "4:11: `a` is in `span` twice"),
    (
        HEAD + "span: a\npending: {integrity: {reason: r, owner: o, until: 2027-03-31}}",
        "5:11: `pending` names `integrity`, which is not an id of this contract (accepted: top)",
    ),
    (
        HEAD + "span: a\nparent: root",
        "5:9: `parent` cannot be `root` (did you mean `none`? accepted: none, local, remote)",
    ),
    (
        HEAD + "span: a\nparent: null",
        "5:9: `parent` cannot be nothing (did you mean `none`? accepted: none, local, remote)",
    ),
    (
        HEAD + "span: a\nparent: External",
        "5:9: `parent` cannot be `External` (did you mean `remote`? accepted: none, local, remote)",
    ),
    (
        HEAD + "span: a\nparent: internal",
        "5:9: `parent` cannot be `internal` (did you mean `local`? accepted: none, local, remote)",
    ),
    (
        HEAD + "span: a\nstatus: success",
        "5:9: `status` cannot be `success` (did you mean `ok`? accepted: unset, ok, error)",
    ),
    (
        HEAD + "span: a\nlevels: {child-late: error}",
        "5:22: a level cannot be `error` (did you mean `violation`? accepted: violation, improvement, information, off)",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_contract_is_one_error_line(text: str, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_text(text, file="f")
    assert str(caught.value) == f"f:{message}"
