"""Contract files: what is found in folders, and what `extends` may name and merge."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spanpact.contract.loader import load_contract, load_contracts, load_text
from spanpact.errors import ContractError, Place, UsageError

FIXTURES = Path(__file__).parent.parent / "contract_examples"
CONTRACT = "spanpact: 1\ncontract: {name}\nversion: 1.0.0\nspan: a\n"
FRAGMENT = "spanpact: 1\nfragment: {name}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contract(path: str, more: str = "", *, name: str = "c") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(CONTRACT.format(name=name) + more)


def fragment(path: str, more: str = "", *, name: str = "f") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(FRAGMENT.format(name=name) + more)


def refusal(path: str, **options: str) -> str:
    with pytest.raises(ContractError) as caught:
        load_contract(path, **options)
    return str(caught.value)


def test_a_folder_gives_its_contracts_in_alphabetical_order_and_skips_fragments(folder: Path) -> None:
    contract("d/b.contract.yaml", name="two")
    contract("d/a/z.contract.yaml", name="three")
    contract("d/a.contract.yaml", name="one")
    fragment("d/common.contract.yaml")
    Path("d/notes.yaml").write_text("not: a contract")
    plans = load_contracts(["d"])
    assert [plan.name for plan in plans] == ["one", "two", "three"]
    assert plans[2].file == os.path.join("d", "a", "z.contract.yaml")


def test_a_file_given_twice_is_one_contract(folder: Path) -> None:
    contract("a.contract.yaml")
    assert len(load_contracts(["a.contract.yaml", ".", "./a.contract.yaml"])) == 1


def test_no_contract_is_wrong_usage(folder: Path) -> None:
    fragment("f.contract.yaml")
    for paths in (["f.contract.yaml"], ["."], []):
        with pytest.raises(UsageError, match="no contract in"):
            load_contracts(paths)


def test_a_missing_file_is_wrong_usage(folder: Path) -> None:
    Path("loop").symlink_to("loop")
    Path("private.contract.yaml").mkdir()
    for path in ("none.contract.yaml", "/dev/zero", "a\0b", "loop", "private.contract.yaml"):
        with pytest.raises(UsageError):
            load_contracts([path])


def test_a_broken_fragment_is_named_even_where_nothing_extends_it(folder: Path) -> None:
    contract("a.contract.yaml")
    fragment("b.contract.yaml", "spam: 1\n")
    with pytest.raises(ContractError, match=r"^b\.contract\.yaml:3:1: unknown keyword `spam` in a fragment"):
        load_contracts(["."])


def test_fragments_are_merged_and_aliases_reach_every_attribute(folder: Path) -> None:
    fragment("f.contract.yaml", "aliases: {k: [l]}\nclasses: {t: x}\nevery: {r: {span: b, exactly_one_true: [k, m]}}\n")
    contract("c.contract.yaml", "extends: [f.contract.yaml]\nattributes: {k: 1, n: {same_as: top.k}}\nforbid: [t]\n")
    plan = load_contract("c.contract.yaml")
    k, n = plan.top.content.attributes
    assert k.names == ("k", "l")
    assert n.matcher.same_as
    assert n.matcher.same_as.names == ("k", "l")
    assert plan.rules[0].content.exactly_one_true == (("k", "l"), ("m",))
    assert plan.rules[0].place == Place("f.contract.yaml", 5, 9)
    assert [c.name for c in plan.top.content.forbid] == ["t"]


def test_the_same_key_in_two_files_is_an_error_that_names_both(folder: Path) -> None:
    fragment("f.contract.yaml", "aliases: {k: [l]}\n")
    contract("c.contract.yaml", "extends: [f.contract.yaml]\naliases: {k: [m]}\n")
    assert refusal("c.contract.yaml") == (
        "c.contract.yaml:6:11: `k` of `aliases` is defined in two files; first in f.contract.yaml:3:11"
    )


def test_an_id_of_a_fragment_shares_the_namespace(folder: Path) -> None:
    fragment("f.contract.yaml", "every: {r: {span: b}}\n")
    contract("c.contract.yaml", "extends: [f.contract.yaml]\nchildren: {r: {span: b}}\n")
    assert refusal("c.contract.yaml") == (
        "f.contract.yaml:3:9: the id `r` already names an entry (c.contract.yaml:6:12)"
    )


def test_in_levels_and_clock_the_contract_wins(folder: Path) -> None:
    fragment("f.contract.yaml", "levels: {child-late: off, span-times: off}\nclock: {skew: 1s, tolerance: 1ms}\n")
    fragment("g.contract.yaml", "levels: {child-late: violation}\n")
    contract(
        "c.contract.yaml",
        "extends: [f.contract.yaml, g.contract.yaml]\nlevels: {child-late: information}\nclock: {skew: 2s}\n",
    )
    plan = load_contract("c.contract.yaml")
    assert plan.levels == {"child-late": "information", "span-times": "off"}
    assert (plan.skew_ns, plan.tolerance_ns) == (2 * 10**9, 10**6)


def test_two_fragments_cannot_override_each_other(folder: Path) -> None:
    fragment("f.contract.yaml", "clock: {skew: 1s}\n")
    fragment("g.contract.yaml", "clock: {skew: 2s}\n")
    contract("c.contract.yaml", "extends: [f.contract.yaml, g.contract.yaml]\n")
    assert refusal("c.contract.yaml") == (
        "g.contract.yaml:3:9: `skew` of `clock` is defined in two files; first in f.contract.yaml:3:9"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("https://example.com/f.yaml", "`https://example.com/f.yaml` is not a relative path"),
        ("/etc/passwd", "`/etc/passwd` is not a relative path"),
        ("'C:f.yaml'", "`C:f.yaml` is not a relative path"),
        ("a\\b", "`a\\b` is not a relative path"),
        ("../f.contract.yaml", "`../f.contract.yaml` leads out of its folder"),
        ("x/../f.contract.yaml", "`x/../f.contract.yaml` leads out of its folder"),
        ("link.contract.yaml", "`link.contract.yaml` is a link that leads out of the contracts' folder"),
        ("none.contract.yaml", "there is no file `d/none.contract.yaml`"),
        (".", "there is no file `d`"),
        ("other.contract.yaml", "`other.contract.yaml` is a contract, not a fragment"),
    ],
)
def test_extends_stays_inside_the_contracts_folder(folder: Path, name: str, message: str) -> None:
    fragment("f.contract.yaml")
    contract("d/c.contract.yaml", f"extends: [{name}]\n")
    contract("d/other.contract.yaml")
    Path("d/link.contract.yaml").symlink_to(folder / "f.contract.yaml")
    assert refusal("d/c.contract.yaml").split(" (")[0] == f"d/c.contract.yaml:5:11: {message}"


def test_a_higher_root_allows_links_that_lead_further(folder: Path) -> None:
    fragment("f.contract.yaml", "every: {r: {span: b}}\n")
    contract("d/c.contract.yaml", "extends: [link.contract.yaml]\n")
    Path("d/link.contract.yaml").symlink_to(folder / "f.contract.yaml")
    assert load_contract("d/c.contract.yaml", root=".").rules
    assert load_contracts(["."])[0].rules


def test_extends_has_a_limit_and_names_no_fragment_twice(folder: Path) -> None:
    for n in range(9):
        fragment(f"f{n}.contract.yaml")
    names = [f"f{n}.contract.yaml" for n in range(9)]
    contract("c.contract.yaml", f"extends: [{', '.join(names[:8])}]\n")
    assert load_contract("c.contract.yaml")
    contract("c.contract.yaml", f"extends: [{', '.join(names)}]\n")
    assert refusal("c.contract.yaml") == "c.contract.yaml:5:155: `extends` names more than 8 fragments"
    contract("c.contract.yaml", "extends: [f1.contract.yaml, ./f1.contract.yaml]\n")
    assert refusal("c.contract.yaml") == "c.contract.yaml:5:29: `./f1.contract.yaml` is in `extends` twice"


def test_an_error_in_a_fragment_is_ordered_by_its_place_in_extends(folder: Path) -> None:
    fragment("f.contract.yaml", "every: {r: {span: b, kind: x}}\n")
    contract("c.contract.yaml", "extends: [f.contract.yaml]\nstatus: y\n")
    assert refusal("c.contract.yaml").startswith("f.contract.yaml:3:28: `kind` cannot be `x`")
    Path("c.contract.yaml").write_text(CONTRACT.format(name="c") + "status: y\nextends: [f.contract.yaml]\n")
    assert refusal("c.contract.yaml").startswith("c.contract.yaml:5:9: `status` cannot be `y`")


def test_a_section_of_a_fragment_that_is_no_mapping_is_refused(folder: Path) -> None:
    fragment("f.contract.yaml", "every: [a]\nlevels: 5\n")
    contract("c.contract.yaml", "extends: [f.contract.yaml]\nlevels: [x]\n")
    assert refusal("c.contract.yaml") == "f.contract.yaml:3:8: `every` must be a mapping, not a list"
    contract("d/c.contract.yaml", "levels: [x]\n")
    assert refusal("d/c.contract.yaml") == "d/c.contract.yaml:5:9: `levels` must be a mapping, not a list"


def test_text_can_extend_only_with_a_root(folder: Path) -> None:
    fragment("f.contract.yaml", "every: {r: {span: b}}\n")
    text = CONTRACT.format(name="c") + "extends: [f.contract.yaml]\n"
    assert load_text(text, root=folder).rules
    with pytest.raises(ContractError, match="needs a file or a `root`"):
        load_text(text)


def test_a_contract_has_at_most_500_entries() -> None:
    entries = "".join(f"  e{n}: {{span: s}}\n" for n in range(501))
    text = CONTRACT.format(name="c") + "children:\n" + entries
    with pytest.raises(ContractError, match=r"^<text>:506:3: more than 500 entries$"):
        load_text(text)
    assert len(load_text(text.replace("  e500: {span: s}\n", "")).entries()) == 501


def test_every_fixture_loads() -> None:
    assert len(load_contracts([FIXTURES])) == 14
