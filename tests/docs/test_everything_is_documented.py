"""What has no documentation fails here: keywords, sources and their limits, settings, variables that the code reads."""

from __future__ import annotations

import re
from dataclasses import fields
from types import ModuleType

import pytest

from reference_impl.settings.loading import RULES
from spanpact import sources
from spanpact.contract.loader import vocabulary
from spanpact.sources import FileLimits, HttpLimits, ReceiverLimits
from spanpact.sources.clickhouse import spec as clickhouse
from spanpact.sources.jaeger import spec as jaeger
from spanpact.sources.tempo import spec as tempo
from spanpact.sources.zipkin import spec as zipkin
from tests.docs.pages import DOCS, ROOT, page

KEYWORDS = sorted(
    {word for name, words in vars(vocabulary).items() if name.isupper() and isinstance(words, tuple) for word in words}
)
SOURCES = sorted(name for name in sources.__all__ if re.fullmatch(r"[A-Z]\w+(Source|Receiver)", name))
VARIABLE = re.compile(r"""["']((?:OTEL|SPANPACT|STUDIO|AUDIT|JAEGER|REDIS|DATABASE|BREAKER)_[A-Z_]+[A-Z])["']""")


@pytest.fixture(scope="module")
def words_of_code() -> set[str]:
    """The words that the contract format shows as code, in lines and in blocks: prose does not document a keyword."""
    code = re.findall(r"^```.*?^```|`[^`\n]+`", page("contract-format.md"), re.MULTILINE | re.DOTALL)
    return {word for piece in code for word in re.findall(r"\w+", piece)}


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_keyword_is_in_the_contract_format(keyword: str, words_of_code: set[str]) -> None:
    assert keyword in words_of_code


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "TraceSource"])
def test_every_source_is_in_the_page_of_sources(name: str) -> None:
    assert f"`{name}(" in page("sources.md")


@pytest.mark.parametrize("limits", [FileLimits, ReceiverLimits])
def test_every_limit_of_a_source_is_in_its_page(limits: type) -> None:
    table = page("sources.md").partition(f"`{limits.__name__}`")[2].partition("\n\n")[0]
    assert [field.name for field in fields(limits) if f"`{field.name}`" not in table] == []


@pytest.mark.parametrize("store", [jaeger, clickhouse, zipkin, tempo])
def test_every_parameter_of_a_store_is_in_the_page_of_sources(store: ModuleType) -> None:
    assert [name for name in store.PARAMETERS if f"\n| `{name}=" not in page("sources.md")] == []
    assert f"`{HttpLimits.__name__}`" in page("sources.md")


def test_every_variable_that_a_setting_reads_is_in_the_guide() -> None:
    guide = page("tracing-guide.md")
    assert [name for rule in RULES for name in rule.read if f"`{name}`" not in guide] == []


def test_every_variable_that_the_code_names_is_in_some_page() -> None:
    pages = "".join(each.read_text(encoding="utf-8") for each in [*DOCS.glob("*.md"), ROOT / "README.md"])
    code = [each for folder in ("src", "reference_impl", "containers") for each in (ROOT / folder).rglob("*.py")]
    named = {name for each in code for name in VARIABLE.findall(each.read_text(encoding="utf-8"))}
    assert len(named) > 50
    assert sorted(name for name in named if name not in pages) == []
