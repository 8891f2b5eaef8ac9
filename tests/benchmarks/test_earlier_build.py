"""The build that benchmarks compare with is taken from the history, as it was committed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from benchmarks.earlier_build import NoEarlierBuild, earlier_build, environment_of


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    command = ("git", "-C", str(repository), *identity, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose package says `before` in its first commit and `now` in its second."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "reference_impl").mkdir()
    for says in ("before", "now"):
        (tmp_path / "reference_impl" / "__init__.py").write_text(f"SAYS = {says!r}\n")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "-m", says)
    return tmp_path


def test_the_build_is_what_was_committed_and_its_folder_is_removed(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD~1")
    with earlier_build(commit, repository) as folder:
        assert (folder / "reference_impl" / "__init__.py").read_text() == "SAYS = 'before'\n"
    assert not folder.exists()


def test_a_program_imports_it_and_not_the_folder_that_it_is_started_in(repository: Path) -> None:
    with earlier_build(git(repository, "rev-parse", "HEAD~1"), repository) as folder:
        command = [sys.executable, "-c", "import reference_impl; print(reference_impl.SAYS)"]
        environ = {**os.environ, **environment_of(folder)}
        done = subprocess.run(command, cwd=repository, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "before\n"


def test_it_finds_the_successor_of_a_library_that_is_not_installed_any_more(repository: Path) -> None:
    with earlier_build(git(repository, "rev-parse", "HEAD~1"), repository) as folder:
        command = [sys.executable, "-c", "import httpx; print(httpx.AsyncClient)"]
        environ = {**os.environ, **environment_of(folder)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == f"{httpx2.AsyncClient}\n"


def test_a_history_without_it_gives_one_line(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for place in (repository, tmp_path_factory.mktemp("no-repository")):
        with pytest.raises(NoEarlierBuild) as raised, earlier_build("47e6372", place):
            pass
        assert str(raised.value).count("\n") == 0
        assert "47e6372" in str(raised.value)
        assert "git fetch --unshallow" in str(raised.value)
