"""Load contract files, contract texts and contracts written in Python, each to a `ContractPlan`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spanpact.contract.compiled import ContractPlan
from spanpact.contract.document import Mapping, from_python
from spanpact.contract.loader.compiler import compile_document
from spanpact.contract.loader.context import Context
from spanpact.contract.loader.files import ContractFiles, iter_roots_and_files, real_path
from spanpact.contract.loader.header import check_keys, file_kind, read_extended_names
from spanpact.contract.python_api import Contract
from spanpact.contract.yaml_reader import from_yaml
from spanpact.errors import ContractError, UsageError


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One file: its document, the documents of the fragments that it extends, and its plan if it is a contract.

    `error` says why there is no more than that; it knows every other mistake in the file.
    """

    file: str
    document: Mapping | None = None
    fragments: tuple[Mapping, ...] = ()
    plan: ContractPlan | None = None
    error: ContractError | None = None


def load_contract(path: str | os.PathLike[str], *, root: str | os.PathLike[str] | None = None) -> ContractPlan:
    """The plan of one contract file; `root` is the folder that its fragments must lie in (default: the file's own).

    Raises ContractError for what is not in the language, UsageError for a file that cannot be read.
    """
    file = Path(path)
    return _load(ContractFiles(Path(root) if root is not None else file.parent), file)


def load_contracts(paths: Iterable[str | os.PathLike[str]]) -> list[ContractPlan]:
    """The plans of the files given and of all `*.contract.yaml` below the folders given, in that order.

    Fragments are no contracts of their own, but checked. Raises as `load_contract`, and UsageError where no
    contract was found.
    """
    named = tuple(paths)
    plans: list[ContractPlan] = []
    opened: dict[Path, ContractFiles] = {}
    seen: set[Path] = set()
    for root, file in iter_roots_and_files(named):
        files = opened.setdefault(root, ContractFiles(root))
        real = real_path(file)
        if real not in seen and not _is_fragment(files, file):
            plans.append(_load(files, file))
        seen.add(real)
    if not plans:
        raise UsageError(
            f"no contract in {', '.join(str(path) for path in named) or 'nothing'}",
            hint="a contract is a file named *.contract.yaml, with the key `contract`",
        )
    return plans


def load_each(paths: Iterable[str | os.PathLike[str]]) -> list[LoadedFile]:
    """Every file given or found below a folder given, once each, contracts and fragments alike.

    A mistake in one file leaves the others read. Raises UsageError for a file that cannot be read, and where there is
    none at all.
    """
    named = tuple(paths)
    opened: dict[Path, ContractFiles] = {}
    found: dict[Path, LoadedFile] = {}
    for root, file in iter_roots_and_files(named):
        real = real_path(file)
        if real not in found:
            found[real] = _read_one(opened.setdefault(root, ContractFiles(root)), file)
    if not found:
        raise UsageError(
            f"no contract in {', '.join(str(path) for path in named) or 'nothing'}",
            hint="a contract is a file named *.contract.yaml, with the key `contract`",
        )
    return list(found.values())


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
    """The plan of a contract given as YAML text; it can use `extends` only where `root` says where to look."""
    document = from_yaml(text, file=file)
    return _compile(document, file, ContractFiles(Path(root)) if root is not None else None, Path(root or ".", "text"))


def compile_contract(contract: Contract, *, root: str | os.PathLike[str] | None = None) -> ContractPlan:
    """The plan of a contract written in Python: its `document()` takes the same path as a file's.

    Errors name the path of keys in place of a line. `extends` needs `root`.
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
        raise document.keys["fragment"].error("a fragment is no contract", hint="a contract names it in `extends`")
    context = Context(file)
    return compile_document(context, document, _fragments(context, document, files, path))


def _fragments(context: Context, document: Mapping, files: ContractFiles | None, path: Path) -> list[Mapping]:
    found: list[Mapping] = []
    with context.collecting():
        named = read_extended_names(document.items["extends"]) if "extends" in document.items else ()
        for name, location in named:
            with context.collecting():
                if files is None:
                    raise location.error("`extends` needs a file or a `root` to be relative to")
                target = files.resolve(path, name, location)
                if str(target) in context.extended:
                    raise location.error(f"`{name}` is in `extends` twice")
                context.extended[str(target)] = location
                fragment = files.document(target)
                if file_kind(fragment) == "contract":
                    raise location.error(f"`{name}` is a contract, not a fragment")
                _check_fragment(fragment, str(target))
                found.append(fragment)
    return found
