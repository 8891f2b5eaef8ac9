"""The mutation session: what it counts, what is explained, and that it finds holes in tests."""

from __future__ import annotations

import ast
import fnmatch
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutation.__main__ import main, run
from tests.mutation.outcomes import Change, Fate, Mutant, Outcome, Score
from tests.mutation.report import faults, summary, table
from tests.mutation.subjects import Subject, SubjectError, load_subjects
from tests.mutation.survivors import Differences, as_toml, differences, load_explained
from tests.mutation.trying import ROOT, sample

SUBJECT = Subject("some", "a subject", ["small"], "small", ["small/*.py"], ["test_small.py"], bar=0.5)
NONE = Differences([], [])


def outcome(number: int, fate: Fate, file: str = "a.py") -> Outcome:
    return Outcome(Mutant(f"a.x_f__mutmut_{number}", file, "f"), fate, Change(file, "f", "x = 1", f"x = {number}"))


def outcomes(*fates: Fate) -> list[Outcome]:
    return [outcome(number, fate) for number, fate in enumerate(fates)]


def test_a_timeout_counts_as_noticed_and_what_no_test_calls_does_not() -> None:
    score = Score.of(outcomes("killed", "timeout", "survived", "not called"))
    assert (score.mutants, score.noticed, score.value) == (4, 2, 0.5)


def test_the_interval_of_a_sample_is_wilsons() -> None:
    low, high = Score.of(outcomes(*(["killed"] * 90 + ["survived"] * 10))).interval()  # type: ignore[arg-type]
    assert (round(low, 4), round(high, 4)) == (0.8256, 0.9448)
    assert Score.of([]).interval() == (0.0, 1.0)


def test_the_table_has_a_line_a_file_and_one_for_all() -> None:
    rows = [line.split() for line in table([outcome(1, "killed"), outcome(2, "survived", "b.py")]).splitlines()]
    assert rows[0] == ["file", "mutants", "killed", "timeout", "survived", "not", "called", "score"]
    assert rows[1:] == [
        ["a.py", "1", "1", "0", "0", "0", "100.0%"],
        ["b.py", "1", "0", "0", "1", "0", "0.0%"],
        ["all", "2", "1", "0", "1", "0", "50.0%"],
    ]


def test_survivors_without_a_reason_are_reported_and_so_are_reasons_without_a_survivor() -> None:
    tried = outcomes("killed", "survived", "survived", "not called")
    changes = [each.change for each in tried if each.change]
    gone = Change("a.py", "gone", "y = 1", "y = 2")
    explained = {changes[0]: "it was harmless", changes[1]: "it is harmless", gone: "there was such a function"}
    found = differences(tried, explained, everything=True)
    assert found.unexplained == [changes[2], changes[3]]
    assert found.stale == [changes[0], gone]
    assert differences(tried, explained, everything=False).stale == [changes[0]]


def test_a_run_fails_for_its_score_for_the_unexplained_and_for_the_stale() -> None:
    change = Change("a.py", "f", "x = 1", "x = 2")
    good, bad = outcomes("killed", "killed"), outcomes("killed", "survived", "survived")
    assert faults(SUBJECT, good, NONE) == []
    assert [line.split(":")[0] for line in faults(SUBJECT, bad, NONE)] == ["the score is 33.3%, below 50%"]
    (unexplained,) = faults(SUBJECT, good, Differences([change], []))
    assert unexplained.startswith("1 changes survive unexplained")
    assert '["a.py f", "x = 1", "x = 2"]' in unexplained
    (stale,) = faults(SUBJECT, good, Differences([], [change]))
    assert stale.startswith("1 changes of survivors_some.toml survive no more")
    assert '"x = 2"' in stale


def test_a_sample_says_how_many_of_how_many_and_how_sure_it_is() -> None:
    lines = summary(SUBJECT, outcomes("killed", "survived"), 10, NONE).splitlines()
    assert lines[0] == "some: 1 of 2 mutants noticed, 50.0%"
    assert lines[1] == "a sample, seed 0, of 2 of 10: with 95 % confidence all score 9.5% to 90.5%"
    assert lines[2] == "1 survived, 1 of them explained in survivors_some.toml"


def test_what_is_reported_as_unexplained_can_be_put_into_the_file(tmp_path: Path) -> None:
    changes = [Change("a.py", "C.f", 'x = "a"\ny = "é\\n"', "x = 1"), Change("a.py", "f", "x", "")]
    file = tmp_path / "survivors.toml"
    file.write_text(as_toml(changes).replace('why = ""', 'why = "they do no harm"'))
    assert load_explained(file) == dict.fromkeys(changes, "they do no harm")
    assert load_explained(tmp_path / "none.toml") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[explained]]\nwhy = ""\nmutants = [["a f", "x", "y"]]', "s.toml: group 1 gives no reason"),
        ('[[explained]]\nwhy = "so"\nmutants = [["a f", "x"]]', "s.toml: group 1 is no [[explained]] with `why`"),
        ('[[explained]]\nmutants = [["a f", "x", "y"]]', "s.toml: group 1 is no [[explained]] with `why`"),
        ('[[explained]]\nwhy = "so"\nmutants = [["a", "x", "y"]]', "s.toml: group 1 is no [[explained]] with `why`"),
        ('[[explained]]\nwhy = "so"\nmutants = [["a f", "x", "y"], ["a f", "x", "y"]]', "s.toml: explained twice: "),
    ],
)
def test_a_file_of_survivors_of_another_shape_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(SubjectError) as caught:
        load_explained(tmp_path / "s.toml")
    assert str(caught.value).startswith(message)


def mutants(*functions: str) -> list[Mutant]:
    return [Mutant(f"a.x_{name}__mutmut_{n}", "a.py", name) for name in functions for n in range(50)]


def chosen_of(function: str, among: Sequence[Mutant]) -> set[str]:
    return {each.name for each in sample(among, replace(SUBJECT, sample=60)) if each.function == function}


def test_a_sample_is_of_that_size_and_the_same_each_time_and_another_with_another_seed() -> None:
    every, subject = mutants("f", "g", "h"), replace(SUBJECT, sample=60)
    assert len(sample(every, subject)) == 60
    assert sample(every, subject) == sample(every, subject) != sample(every, replace(subject, seed=1))
    assert sample(every, SUBJECT) == every


def test_most_of_a_sample_stays_where_another_function_is_edited() -> None:
    before, after = chosen_of("f", mutants("f", "g", "h")), chosen_of("f", mutants("f", "g", "new"))
    assert len(before & after) > 0.8 * len(before)


SMALL = {
    "small/__init__.py": "",
    "small/code.py": """
        def larger(a, b):
            return a if a > b else b


        class Shop:
            def price(self, number):
                return number * 3 if number < 10 else number * 2


        def shown(number):
            return f"{number} EUR" + "!"
        """,
    "test_small.py": """
        from small.code import Shop, larger


        def test_larger():
            assert (larger(1, 2), larger(3, 2), larger(2, 2)) == (2, 3, 2)


        def test_price():
            assert Shop().price(2) == 6
        """,
}


def checkout(folder: Path) -> Path:
    for name, text in SMALL.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("\n".join(line[8:] for line in text.splitlines()) + "\n")
    return folder


def small(folder: Path, **changes: object) -> Subject:
    copied = {"copy": ["small", "test_small.py"], "folder": folder, "left_out": {"small/code.py shown": "prints only"}}
    return replace(SUBJECT, **{**copied, **changes})  # type: ignore[arg-type]


@pytest.mark.expensive
@pytest.mark.unmeasured
@pytest.mark.timeout(300)
def test_holes_in_tests_are_found_until_they_are_closed_or_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, into = checkout(tmp_path / "checkout"), tmp_path / "into"
    subject = small(tmp_path)
    assert run(subject, root=root, into=into) == 1
    output = capsys.readouterr()
    figures = json.loads((into / "some.json").read_text())
    assert figures["all"] == figures["tried"] == len(figures["mutants"]) > 8
    lived = {(each["function"], each["now"]) for each in figures["mutants"] if "now" in each}
    assert ("Shop.price", "return number * 3 if number <= 10 else number * 2") in lived
    assert ("larger", "return a if a < b else b") not in lived
    assert not [function for function, _ in lived if function == "shown"]
    assert "changes survive unexplained" in output.err
    assert "price" in output.err

    (root / "test_small.py").write_text((root / "test_small.py").read_text() + "    assert Shop().price(10) == 20\n")
    assert run(subject, root=root, into=into, again=True) == 1  # equals, larger or not
    (tie,) = capsys.readouterr().out.split("mutants = [\n")[1].splitlines()[:-1]
    assert tie == '    ["small/code.py larger", "return a if a > b else b", "return a if a >= b else b"],'

    subject.survivors.write_text(f'[[explained]]\nwhy = "equals are the same"\nmutants = [\n{tie}\n]\n')
    assert run(subject, root=root, into=into) == 0
    assert "1 survived, 1 of them explained in survivors_some.toml" in capsys.readouterr().out


@pytest.mark.expensive
@pytest.mark.unmeasured
@pytest.mark.timeout(300)
def test_tests_that_fail_of_themselves_are_no_measure(tmp_path: Path) -> None:
    root = checkout(tmp_path / "checkout")
    (root / "test_small.py").write_text("def test_wrong():\n    assert False\n")
    with pytest.raises(SubjectError, match=r"mutmut failed with exit code 1; the end of .*mutmut.log"):
        run(small(tmp_path), root=root, into=tmp_path / "into")


def test_what_cannot_be_run_as_asked_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpse"]) == 2
    assert capsys.readouterr().err == "mutation: corpse is no subject; one of corpus, contracts\n"
    with pytest.raises(SubjectError, match=r"^some: there is no absent to copy$"):
        run(small(tmp_path, copy=["absent"]), root=checkout(tmp_path / "checkout"), into=tmp_path / "into")


def test_another_sample_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    run_subjects: list[Subject] = []

    def run_nothing(subject: Subject, **_: object) -> int:
        run_subjects.append(subject)
        return 0

    monkeypatch.setattr("tests.mutation.__main__.run", run_nothing)
    assert main(["contracts", "--sample", "7", "--seed", "8"]) == main(["contracts"]) == 0
    own = load_subjects()["contracts"]
    assert run_subjects == [replace(own, sample=7, seed=8), own]


def test_subjects_with_unknown_keys_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "subjects.toml"
    file.write_text('[a]\nabout = "x"\nbard = 1\n')
    with pytest.raises(SubjectError, match=r"^a: bard is not known; one of about, bar, copy"):
        load_subjects(file)
    file.write_text('[a]\nabout = "x"\n')
    with pytest.raises(SubjectError, match=r"^a: .*missing .* required"):
        load_subjects(file)


def functions_of(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text()).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        of_class = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        yield from (f"{of_class}{one.name}" for one in inner if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("subject", load_subjects().values(), ids=lambda subject: subject.name)
def test_what_the_subjects_name_exists(subject: Subject) -> None:
    assert all((ROOT / name).exists() for name in (*subject.copy, subject.source))
    assert all(any(ROOT.glob(glob)) for glob in subject.mutate)
    functions = {
        f"{file.relative_to(ROOT)} {function}"
        for glob in subject.mutate
        for file in ROOT.glob(glob)
        for function in functions_of(file)
    }
    for glob in subject.left_out:
        assert fnmatch.filter(functions, glob), f"{glob} leaves nothing out"
    for change in load_explained(subject.survivors):
        source = [line.strip() for line in (ROOT / change.file).read_text().splitlines()]
        assert set(change.was.splitlines()) <= set(source), f"{subject.survivors.name}: {change} is not in the code"
