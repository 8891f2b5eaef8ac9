"""Style and script: modules that can be put together into one, all of which are in the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import spanpact.reporting.formats.html as package
from spanpact.reporting.formats.html.page import SCRIPT_FILES, STYLE_FILES, script_text

FOLDER = Path(package.__file__).parent
_NAMES = re.compile(r"^(?:export )?(?:async )?(?:function|const|let|class) (?:\[([^\]]*)\]|(\w+))", re.MULTILINE)


def names_in(source: str) -> list[str]:
    """Return the names that a module declares at its top."""
    found = [several.split(", ") if several else [one] for several, one in _NAMES.findall(source)]
    return [name for names in found for name in names]


def test_every_file_is_in_the_page() -> None:
    assert {file.name for file in (FOLDER / "script").iterdir()} == set(SCRIPT_FILES)
    assert {file.name for file in (FOLDER / "style").iterdir()} == set(STYLE_FILES)


def test_modules_declare_no_name_twice_as_they_share_one_scope() -> None:
    names = names_in(script_text())
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", SCRIPT_FILES)
def test_a_module_imports_what_an_earlier_one_exports(name: str) -> None:
    source = (FOLDER / "script" / name).read_text(encoding="utf-8")
    for names, file in re.findall(r'^import \{ ([^}]*) \} from "\./(.*)";$', source, re.MULTILINE):
        assert SCRIPT_FILES.index(file) < SCRIPT_FILES.index(name)
        exporting = (FOLDER / "script" / file).read_text(encoding="utf-8")
        exported = set(re.findall(r"^export (?:function|const) (\w+)", exporting, re.MULTILINE))
        assert set(names.split(", ")) <= exported


def test_script_has_no_imports_and_no_way_to_make_markup() -> None:
    assert not re.search(r"^(import|export)\b", script_text(), re.MULTILINE)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|eval\(|fetch\(|setAttribute\(.style", script_text())
    assert "</script" not in script_text()


def test_package_docstring_names_every_module() -> None:
    listed = set(re.findall(r"`(\w+)`", package.__doc__ or ""))
    assert {file.stem for file in FOLDER.glob("*.py")} - {"__init__"} <= listed


@pytest.mark.parametrize("name", ["data", "sections"])
def test_docstrings_of_the_parts_name_their_modules(name: str) -> None:
    listed = set(re.findall(r"`(\w+)`", (FOLDER / name / "__init__.py").read_text(encoding="utf-8")))
    assert {file.stem for file in (FOLDER / name).glob("*.py")} - {"__init__"} <= listed
