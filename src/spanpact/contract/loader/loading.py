"""Load contract files, contract texts and contracts written in Python, each to a `ContractPlan`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.document import Location, Mapping, from_python
from spanpact.contract.file_names import ACCEPTED_NAMES
from spanpact.contract.loader.compiler import compile_document
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.files import ContractFiles, real_path
from spanpact.contract.loader.folders import FolderSearch, Notify
from spanpact.contract.loader.header import check_keys, file_kind, read_extended_names
from spanpact.contract.loader.shipped_fragments import shipped_fragment
from spanpact.contract.semconv import is_shipped
from spanpact.contract.yaml_reader import from_yaml
from spanpact.errors import ContractError, UsageError

if TYPE_CHECKING:
    from spanpact.contract.python_api import Contract


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file that was read: its document, those of the fragments that it extends, and its plan if it is a contract.

    `error` is the first mistake in the file, with the others attached; the fields that it prevents are empty.
    """

    file: str
    document: Mapping | None = None
    fragments: tuple[Mapping, ...] = ()
    plan: ContractPlan | None = None
    error: ContractError | None = None


def load_contract(path: str | os.PathLike[str], *, root: str | os.PathLike[str] | None = None) -> ContractPlan:
    """Load one contract file. `root` is the folder that its fragments must be in (default: the file's own).

    Raise ContractError for a mistake in the contract, UsageError for a file that cannot be read.
    """
    file = Path(path)
    return _load(ContractFiles(Path(root) if root is not None else file.parent), file)


def load_contracts(paths: Iterable[str | os.PathLike[str]], *, notify: Notify | None = None) -> list[ContractPlan]:
    """Load the files in `paths`, and all contract files (`file_names`) below the folders in `paths`.

    Fragments are checked, but have no plan of their own. `notify` takes lines about what was found in a folder and not
    read. Raise as `load_contract` does, and UsageError for a folder that cannot be read and where there is no contract.
    """
    named = tuple(paths)
    plans: list[ContractPlan] = []
    for files, file in _each_once(named, notify):
        if not _is_fragment(files, file):
            plans.append(_load(files, file))
    if not plans:
        raise _no_contract(named)
    return plans


def load_each(paths: Iterable[str | os.PathLike[str]], *, notify: Notify | None = None) -> list[LoadedFile]:
    """Read every file in `paths`, or found below a folder in `paths`, once each: contracts and fragments.

    A mistake in one file does not stop the others from being read. `notify` takes lines about what was found in a
    folder and not read. Raise UsageError for a file or folder that cannot be opened, and where there is no file.
    """
    named = tuple(paths)
    loaded = [_read_one(files, file) for files, file in _each_once(named, notify)]
    if not loaded:
        raise _no_contract(named)
    return loaded


def _each_once(
    paths: tuple[str | os.PathLike[str], ...], notify: Notify | None
) -> Iterator[tuple[ContractFiles, Path]]:
    """Yield each contract file once, even where several paths or links lead to it, with the opener of its root."""
    opened: dict[Path, ContractFiles] = {}
    seen: set[Path] = set()
    search = FolderSearch()
    for found in search.files(paths):
        real = real_path(found.path)
        files = opened.setdefault(found.root, ContractFiles(found.root))
        if real in seen:
            continue
        if not found.named and files.is_foreign(found.path):
            search.foreign.append(str(found.path))
            continue
        seen.add(real)
        yield files, found.path
    if notify:
        for line in search.notices():
            notify(line)


def _no_contract(paths: tuple[str | os.PathLike[str], ...]) -> UsageError:
    return UsageError(
        f"no contract in {', '.join(str(path) for path in paths) or 'nothing'}",
        hint=f"a contract is a file named {ACCEPTED_NAMES}, with the key `contract`",
    )


def _read_one(files: ContractFiles, file: Path) -> LoadedFile:
    try:
        document = files.document(file)
        if _is_fragment(files, file):
            return LoadedFile(str(file), document)
        context = Context(str(file))
        fragments = _fragments(context, document, files, file)
        return LoadedFile(str(file), document, tuple(fragments), compile_document(context, document, fragments))
    except ContractError as error:
        return LoadedFile(str(file), error=error)


def load_text(text: str | bytes, *, file: str = "<text>", root: str | os.PathLike[str] | None = None) -> ContractPlan:
    """Load a contract from YAML text. `extends` needs `root`, the folder of the fragments."""
    document = from_yaml(text, file=file)
    return _compile(document, file, ContractFiles(Path(root)) if root is not None else None, Path(root or ".", "text"))


def compile_contract(contract: Contract, *, root: str | os.PathLike[str] | None = None) -> ContractPlan:
    """Compile a contract written in Python. `extends` needs `root`, the folder of the fragments.

    Errors name the path of keys instead of a line.
    """
    document = from_python(contract.document())
    assert isinstance(document, Mapping)
    return _compile(document, "", ContractFiles(Path(root)) if root is not None else None, Path(root or ".", "python"))


def _is_fragment(files: ContractFiles, file: Path) -> bool:
    document = files.document(file)
    if file_kind(document) == "contract":
        return False
    _check_fragment(document, str(file))
    return True


def _check_fragment(document: Mapping, file: str) -> None:
    context = Context(file)
    check_keys(context, document, "fragment")
    context.finish()


def _load(files: ContractFiles, path: Path) -> ContractPlan:
    return _compile(files.document(path), str(path), files, path)


def _compile(document: Mapping, file: str, files: ContractFiles | None, path: Path) -> ContractPlan:
    if file_kind(document) == "fragment":
        raise document.keys["fragment"].error("a fragment is not a contract", hint="a contract names it in `extends`")
    context = Context(file)
    return compile_document(context, document, _fragments(context, document, files, path))


def _fragments(context: Context, document: Mapping, files: ContractFiles | None, path: Path) -> list[Mapping]:
    found: list[Mapping] = []
    with context.collecting():
        named = read_extended_names(document.items["extends"]) if "extends" in document.items else ()
        for name, location in named:
            with context.collecting():
                file = name if is_shipped(name) else str(_resolve(files, path, name, location))
                if file in context.extended:
                    raise location.error(f"`{name}` is in `extends` twice")
                context.extended[file] = location
                found.append(_fragment(files, file, name, location))
    return found


def _resolve(files: ContractFiles | None, path: Path, name: str, location: Location) -> Path:
    if files is None:
        raise location.error("`extends` needs a file or a `root` to be relative to")
    return files.resolve(path, name, location)


def _fragment(files: ContractFiles | None, file: str, name: str, location: Location) -> Mapping:
    if files is None or is_shipped(name):
        return shipped_fragment(name, location)
    fragment = files.document(Path(file))
    if file_kind(fragment) == "contract":
        raise location.error(f"`{name}` is a contract, not a fragment")
    _check_fragment(fragment, file)
    return fragment
