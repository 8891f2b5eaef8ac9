"""The docs site: its navigation has every page once, and its check of links finds those that lead nowhere.

`nox -s docs` builds the site and checks it; with `-- --browser`, integration/docs_site opens it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.site.links import main
from docs.site.navigation import (
    contents_by_reader,
    contents_of_decisions,
    pages_by_reader,
    site_pages,
    without_folder_links,
)
from tests.docs.pages import DOCS, ROOT, page
from tests.docs.test_links import LINK, prose


def test_the_navigation_has_every_page_once() -> None:
    listed = re.findall(r"^[\w./-]+\.md$", contents_by_reader(ROOT), re.MULTILINE)
    listed += [f"adr/{name}" for name in re.findall(r"^\d[\w-]+\.md$", contents_of_decisions(ROOT), re.MULTILINE)]
    assert len(listed) == len(set(listed))
    assert {(DOCS / name).resolve() for name in listed} == {*site_pages(ROOT)} - {DOCS / "index.md"}


@pytest.mark.parametrize("file", site_pages(ROOT), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_link_to_a_page_leads_to_one_of_the_site(file: Path) -> None:
    links = [link.partition("#")[0] for link in LINK.findall(prose(file)) if "://" not in link]
    pages = {(file.parent / link).resolve() for link in links if link.endswith(".md")}
    assert pages - set(site_pages(ROOT)) == set()


def test_readers_are_those_of_the_index() -> None:
    readers = pages_by_reader(page("index.md"))
    assert list(readers) == re.findall(r"^## (.+)$", page("index.md"), re.MULTILINE)
    assert readers["Service engineer"][0] == "tutorial.md"
    assert "benchmarks.md" in readers["Platform team"]


def test_a_link_to_a_folder_is_text_on_the_site(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.py").touch()
    assert without_folder_links("[a](folder) [b](file.py) [c](folder/)", tmp_path) == "a [b](file.py) c"


def test_the_api_has_every_public_package_with_a_page() -> None:
    configured = re.findall(r"automodule:: ([\w.]+)", "".join(file.read_text() for file in DOCS.glob("api/*.md")))
    packages = re.search(r"^PUBLIC = \(([^)]*)\)", (DOCS / "site" / "conf.py").read_text(), re.MULTILINE)
    assert packages is not None
    assert sorted(configured) == sorted(re.findall(r'"([\w.]+)"', packages[1]))
    imported = set(
        re.findall(r"^from (spanpact[\w.]*) import", (ROOT / "tests/typing/test_public_api.py").read_text(), re.M)
    )
    assert imported - set(configured) == {"spanpact.contract.compiled"}  # a type that callers pass on


SITE = {
    "index.html": '<h1 id="top">A</h1><a href="b/other.html#there">b</a><a href="#top">a</a>'
    '<img src="picture%20one.png">',
    "b/other.html": '<p id="there"></p><a href="../index.html">up</a><a href="https://example.com/x">x</a>'
    '<link href="../style.css">',
    "style.css": "a { background: url(data:image/png;base64,AA==) } b { background: url('picture%20one.png') }",
    "picture one.png": "",
}


def written_site(folder: Path, **changed: str) -> Path:
    for name, text in {**SITE, **changed}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_site_whose_links_lead_somewhere_is_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(written_site(tmp_path))]) == 0
    assert capsys.readouterr().out == "2 pages, 6 links, 0 broken\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("index.html", '<a href="gone.html">x</a>', "index.html: gone.html: no such file"),
        ("index.html", '<a href="b">x</a>', "index.html: b: no such file"),
        ("index.html", '<a href="b/other.html#gone">x</a>', "index.html: b/other.html#gone: no such anchor"),
        ("index.html", '<a href="#gone">x</a>', "index.html: #gone: no such anchor"),
        ("index.html", '<img src="gone.png">', "index.html: gone.png: no such file"),
        (
            "index.html",
            '<script src="//cdn.example/x.js">',
            "index.html: //cdn.example/x.js: is loaded from another host",
        ),
        ("style.css", "@import 'https://a.example/f'", "style.css: https://a.example/f: is loaded from another host"),
        ("style.css", "x { src: url(font.woff) }", "style.css: font.woff: no such file"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(
    name: str, text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(written_site(tmp_path, **{name: text}))]) == 1
    assert said in capsys.readouterr().out.splitlines()


def test_a_folder_without_pages_is_no_site(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1
