"""What contracts become: every keyword of the language, in YAML and in Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.contract.compiled import Count, DurationBound, Matcher, Reference
from spanpact.contract.compiled import Statement as Stated
from spanpact.contract.document import from_python, to_python
from spanpact.contract.loader import compile_contract, load_text
from spanpact.contract.python_api import Condition, Contract, Entry, Event, Fragment, Link, Pending, Rule, Statement
from spanpact.contract.yaml_reader import from_yaml
from spanpact.errors import ContractError, Place
from spanpact.findings import Pending as Agreed
from spanpact.findings.catalogue import CATALOGUE
from spanpact.privacy import PrivacyClass
from spanpact.trace.name_patterns import NamePattern

WHOLE = """
spanpact: 1
contract: whole
version: 2.1.0-rc.1
about: Everything.
scenario: all
aliases: {op: [db.op]}
classes: {token: 'st_[0-9]+'}
clock: {tolerance: 1.5ms, skew: 0.25s}
levels: {child-late: off, store/duration: improvement}
pending: {store: {reason: later, owner: team, until: 2027-03-31}}
every:
  rule: {span: '*', where: {status: error}, count: 0..3, forbid: [email, token], except: [server.address]}
  line: {event: 'x.*', via: log, where: {attributes: {a: 1}}, attributes: {b: {same_as: top.op}}}
across:
  sampled: {sampling: 0.1, confidence: 0.95}
  fast: {of: store, duration: {p95: 5ms, p99.9: 1min}, samples: 7}
  safe: {error_rate: 0}
span: [a, 'b*']
where: {kind: server}
kind: {one_of: [server, consumer]}
status: {equals: ok}
status_message: {matches: 'o.*'}
attributes:
  op: {type: string, optional: true}
  n: {at_least: 1, at_most: 2.5}
  gone: absent
  there: present
  literal: {equals: absent}
  list: [1, 'x']
  choice: {one_of: [1, null]}
resource: {service.name: s}
scope: lib
exactly_one_true: [op, miss]
parent: remote
events: {opened: {event: breaker.open, via: either, count: 1.., attributes: {op: 5}}}
links: {origin: {attributes: {x: 1}}}
duration: {at_least: 1us, at_most: 2ms}
forbid: [jwt]
children:
  load: {span: db.query}
  store: {span: redis.set, count: 0..1, concurrency: 2..8, duration: 5ms}
descendants: {deep: {span: x, count: 0}}
closed: [children, links]
order: [load, store]
conditions:
  hit: {when: {load: present, top: {status: ok, count: 1}}, then: {deep: absent}, order: [load, store]}
"""

IN_PYTHON = Contract(
    "whole",
    "2.1.0-rc.1",
    about="Everything.",
    scenario="all",
    aliases={"op": ["db.op"]},
    classes={"token": "st_[0-9]+"},
    clock={"tolerance": "1.5ms", "skew": "0.25s"},
    levels={"child-late": "off", "store/duration": "improvement"},
    pending={"store": Pending("later", "team", "2027-03-31")},
    every={
        "rule": Rule(
            "*", where={"status": "error"}, count="0..3", forbid=["email", "token"], except_=["server.address"]
        ),
        "line": Rule(event="x.*", via="log", where={"attributes": {"a": 1}}, attributes={"b": {"same_as": "top.op"}}),
    },
    across={
        "sampled": Statement(sampling=0.1, confidence=0.95),
        "fast": Statement(of="store", duration={"p95": "5ms", "p99.9": "1min"}, samples=7),
        "safe": Statement(error_rate=0),
    },
    span=("a", "b*"),
    where={"kind": "server"},
    kind={"one_of": ["server", "consumer"]},
    status={"equals": "ok"},
    status_message={"matches": "o.*"},
    attributes={
        "op": {"type": "string", "optional": True},
        "n": {"at_least": 1, "at_most": 2.5},
        "gone": "absent",
        "there": "present",
        "literal": {"equals": "absent"},
        "list": [1, "x"],
        "choice": {"one_of": [1, None]},
    },
    resource={"service.name": "s"},
    scope="lib",
    exactly_one_true=["op", "miss"],
    parent="remote",
    events={"opened": Event("breaker.open", via="either", count="1..", attributes={"op": 5})},
    links={"origin": Link(attributes={"x": 1})},
    duration={"at_least": "1us", "at_most": "2ms"},
    forbid=["jwt"],
    children={
        "load": Entry("db.query"),
        "store": Entry("redis.set", count="0..1", concurrency="2..8", duration="5ms"),
    },
    descendants={"deep": Entry("x", count=0)},
    closed=["children", "links"],
    order=["load", "store"],
    conditions={
        "hit": Condition(
            when={"load": "present", "top": {"status": "ok", "count": 1}},
            then={"deep": "absent"},
            order=["load", "store"],
        )
    },
)


def test_the_python_form_gives_exactly_the_mapping_of_the_yaml() -> None:
    assert IN_PYTHON.document() == to_python(from_yaml(WHOLE))


def test_both_forms_compile_to_the_same_plan_except_for_places() -> None:
    assert _without_places(compile_contract(IN_PYTHON)) == _without_places(load_text(WHOLE, file=""))


def _without_places(value: object) -> object:
    """The plan as comparable text: places and compiled patterns are not compared."""
    if isinstance(value, tuple):
        return tuple(_without_places(item) for item in value)
    if not hasattr(value, "__dataclass_fields__"):
        return value
    names = [n for n in value.__dataclass_fields__ if n not in ("place", "places", "regex")]
    return {n: _without_places(getattr(value, n)) for n in names}


def test_the_head_is_read() -> None:
    plan = load_text(WHOLE, file="w.yaml")
    assert (plan.name, plan.version, plan.about, plan.scenario) == ("whole", "2.1.0-rc.1", "Everything.", "all")
    assert (plan.tolerance_ns, plan.skew_ns) == (1_500_000, 250_000_000)
    assert plan.levels == {"child-late": "off", "store/duration": "improvement"}
    assert plan.pending == {"store": Agreed("later", "team", "2027-03-31")}
    assert [c.pattern for c in plan.classes] == ["st_[0-9]+"]
    assert (plan.file, plan.place) == ("w.yaml", Place("w.yaml", 3, 1))
    assert plan.examples is None


def test_the_body_is_the_entry_top() -> None:
    top = load_text(WHOLE, file="w").top
    assert (top.id, top.span, top.count) == ("top", NamePattern(("a", "b*")), Count(1, 1))
    assert top.where.kind == Matcher(equals="server")
    content = top.content
    assert content.kind == Matcher(one_of=("server", "consumer"))
    assert content.status == Matcher(equals="ok")
    assert content.status_message
    assert content.status_message.regex.fullmatch("open")
    assert {a.name: a.matcher for a in content.attributes} == {
        "op": Matcher(type="string", optional=True),
        "n": Matcher(at_least=1, at_most=2.5),
        "gone": Matcher(presence="absent"),
        "there": Matcher(presence="present"),
        "literal": Matcher(equals="absent"),
        "list": Matcher(equals=[1, "x"]),
        "choice": Matcher(one_of=(1, None)),
    }
    assert content.attributes[0].names == ("op", "db.op")
    assert content.exactly_one_true == (("op", "db.op"), ("miss",))
    assert (content.parent, content.duration) == ("remote", DurationBound(1_000, 2_000_000))
    assert content.events[0].via == "either"
    assert content.events[0].attributes[0].names == ("op", "db.op")
    assert content.links[0].span == NamePattern(("*",))
    assert content.forbid == (PrivacyClass("jwt"),)
    assert top.closed == {"children", "links"}
    assert top.order == ("load", "store")


def test_entries_conditions_rules_and_statements_are_read() -> None:
    plan = load_text(WHOLE)
    entries = plan.entries()
    assert list(entries) == ["top", "load", "store", "deep"]
    assert entries["store"].concurrency == Count(2, 8)
    assert entries["store"].content.duration == DurationBound(at_most_ns=5_000_000)
    assert entries["deep"].count == Count(0, 0)
    (hit,) = plan.top.conditions
    assert [(s.entry, s.mode, s.count) for s in hit.when] == [
        ("load", "present", None),
        ("top", "content", Count(1, 1)),
    ]
    assert (hit.then[0].mode, hit.order) == ("absent", ("load", "store"))
    rule, line = plan.rules
    assert (rule.count, rule.content.exempt) == (Count(0, 3), {"server.address"})
    assert [c.name for c in rule.content.forbid] == ["email", "token"]
    assert (line.event, line.span, line.via) == (NamePattern(("x.*",)), None, "log")
    assert line.content.attributes[0].matcher.same_as == Reference("top", "op", ("op", "db.op"))
    assert [_without_places(s) for s in plan.across] == [
        _without_places(Stated("sampled", sampling=0.1, confidence=0.95)),
        _without_places(Stated("fast", of="store", samples=7, percentiles=((95, 5_000_000), (99.9, 60 * 10**9)))),
        _without_places(Stated("safe", error_rate=0.0)),
    ]


def test_every_keyword_has_its_place() -> None:
    top = load_text(WHOLE, file="w").top
    assert top.place == top.places["span"] == Place("w", 19, 1)
    assert top.content.places["attributes.n"] == Place("w", 26, 3)
    assert top.content.places["forbid"] == Place("w", 39, 1)
    assert top.places["order"] == Place("w", 45, 1)
    assert top.children[1].places["count"] == Place("w", 42, 28)


def test_a_body_without_span_is_the_whole_trace() -> None:
    plan = load_text("spanpact: 1\ncontract: c\nversion: 1.0.0\nchildren: {a: {span: a}}\nclosed: [children]\n")
    assert plan.top.span is None
    assert plan.top.place == Place("<text>", 2, 1)


def test_a_mistake_in_python_is_named_by_its_path() -> None:
    wrong = Contract("c", "1.0.0", span="a", children={"b": Entry("b", kind="cleint")}, order=["c"])
    with pytest.raises(ContractError) as caught:
        compile_contract(wrong)
    assert str(caught.value).startswith("children.b.kind: `kind` cannot be `cleint` (did you mean `client`?")


def test_a_fragment_in_python_can_be_written_out(tmp_path: Path) -> None:
    common = Fragment("common", every={"r": Rule("*", kind="client")})
    assert common.document() == {"fragment": "common", "spanpact": 1, "every": {"r": {"span": "*", "kind": "client"}}}
    (tmp_path / "f.contract.yaml").write_text("spanpact: 1\nfragment: f\nevery: {r: {span: b}}\n")
    contract = Contract("c", "1.0.0", span="a", extends=["f.contract.yaml"])
    assert compile_contract(contract, root=tmp_path).rules[0].id == "r"
    with pytest.raises(ContractError, match="needs a file or a `root`"):
        compile_contract(contract)


def test_a_contract_in_python_is_loaded_like_a_file() -> None:
    assert from_python(IN_PYTHON.document()) == from_yaml(WHOLE)


def test_the_catalogue_of_findings_has_the_default_levels() -> None:
    assert len(CATALOGUE) == 53
    assert {f.id for f in CATALOGUE.values() if f.level == "information"} == {
        "match-ambiguous",
        "expectation-unproven",
    }
    assert {f.id for f in CATALOGUE.values() if f.level == "improvement"} == {
        "attribute-repeated",
        "child-late",
        "data-dropped",
        "link-dangling",
        "log-uncorrelated",
        "pending-kept",
    }
