"""The guides say what is there: settings, metrics, trees, commands, keys, ports; and their steps can be taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from containers.images.catalogue import IMAGES
from demo.breakages import EVERY_BREAKAGE
from docs.draw_settings import as_markdown
from integration.support.expected_trees import EXPECTED
from reference_impl import vocabulary
from reference_impl.metrics.catalogue import CATALOGUE
from reference_impl.redis_tracing.command_table import COMMANDS, HITS
from reference_impl.sessions.cache import INDEX_KEY, KEYS, SESSION_KEY
from tests.docs.pages import DOCS, ROOT, blocks, page, printed_by

TRACING, REDIS, DEPLOY = page("tracing-guide.md"), page("redis-operations-guide.md"), page("deploy.md")
GUIDES = (TRACING, REDIS, DEPLOY)


def section(text: str, title: str) -> str:
    """A second-level section of a page."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_table_of_settings_is_the_one_that_the_code_prints() -> None:
    assert as_markdown() in section(TRACING, "Settings"), "print it: python -m docs.draw_settings"


def test_every_metric_that_a_guide_names_is_exported() -> None:
    exported = {name for metric in CATALOGUE for name in (metric.scraped, f"{metric.scraped}_bucket")}
    assert {name for guide in GUIDES for name in re.findall(r"\bstudio_\w+", guide)} <= exported


def test_every_way_to_break_the_tracing_that_a_guide_names_exists() -> None:
    tried = [row.rstrip("| ").rpartition("|")[2] for row in section(TRACING, "Troubleshooting").splitlines()]
    named = {name for cell in tried for name in re.findall(r"`([a-z-]+)`", cell)}
    named |= {name for guide in GUIDES for name in re.findall(r"--break ([a-z-]+)", guide)}
    assert len(named) >= 11
    assert named <= set(EVERY_BREAKAGE)


@pytest.mark.parametrize(
    "symptom",
    ["no trace", "a trace without children", "two roots", "a wrong parent", "no correlation id",
     "a cache hit says miss", "an e-mail address in a span", "spans lost at exit", "sampled away"],
)  # fmt: skip
def test_every_symptom_has_a_row(symptom: str) -> None:
    assert f"\n| **{symptom}**" in section(TRACING, "Troubleshooting")


def test_a_span_of_ones_own_is_added_as_the_guide_says(tmp_path: Path) -> None:
    for block in blocks(section(TRACING, "Add a span of your own")):
        assert block.file
        (tmp_path / block.file).write_text(block.text)
    judged = printed_by("spanpact verify count-active.contract.yaml; echo $?", tmp_path)
    assert judged.endswith("\n0\n"), judged
    tested = printed_by("python -m pytest -q test_counting.py; echo $?", tmp_path)
    assert "1 passed" in tested, tested
    (tmp_path / "counting.py").write_text((tmp_path / "counting.py").read_text().replace("session.count_active", "x"))
    assert "1 failed, 1 not checked" in printed_by("python -m pytest -q test_counting.py", tmp_path)


def test_the_trees_of_the_redis_guide_are_those_that_jaeger_is_held_to() -> None:
    trees = [block.text for block in blocks(section(REDIS, "The flows"))]
    assert len(trees) == 9
    assert [tree for tree in trees if tree not in {expected.tree.lstrip("\n") for expected in EXPECTED}] == []


def test_every_redis_command_is_in_the_guide() -> None:
    cells = re.findall(r"^\| [^|]+ \| ([A-Z].*) \|$", section(REDIS, "The commands"), re.MULTILINE)
    assert {name.strip() for cell in cells for name in cell.split(",")} == set(COMMANDS)


def test_every_attribute_of_a_redis_span_is_in_the_guide() -> None:
    said = section(REDIS, "The span of a command")
    names = [vocabulary.OPERATION, vocabulary.KEY, vocabulary.LATENCY_MS, vocabulary.CACHE_HIT, vocabulary.CACHE_MISS,
             vocabulary.ERROR, vocabulary.CONNECTION_POOL, vocabulary.DB_TYPE, vocabulary.CORRELATION_ID,
             vocabulary.DB_SYSTEM_NAME, vocabulary.DB_OPERATION_NAME, vocabulary.DB_OPERATION_BATCH_SIZE,
             vocabulary.DB_NAMESPACE, vocabulary.DB_RESPONSE_STATUS_CODE, vocabulary.SERVER_ADDRESS,
             vocabulary.SERVER_PORT, vocabulary.NETWORK_PEER_ADDRESS, vocabulary.NETWORK_PEER_PORT,
             vocabulary.NETWORK_TRANSPORT, vocabulary.ERROR_TYPE]  # fmt: skip
    assert [name for name in names if f"`{name}`" not in said] == []
    assert [command for command in HITS if not re.search(rf"\b{command}\b", said)] == []


def test_the_key_templates_are_those_that_are_registered() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", section(REDIS, "Key templates"), re.MULTILINE)
    assert [template for template, _ in rows] == [SESSION_KEY, INDEX_KEY]
    assert tuple(shown for _, shown in rows) == KEYS.shown


def test_every_event_of_the_breaker_is_in_the_guide() -> None:
    events = [vocabulary.BREAKER_FAILURE, vocabulary.BREAKER_OPENED, vocabulary.BREAKER_REJECTED,
              vocabulary.BREAKER_HALF_OPENED, vocabulary.BREAKER_CLOSED]  # fmt: skip
    assert re.findall(r"^\| `(circuit_breaker\.\w+)`", TRACING, re.MULTILINE) == events


def test_images_ports_and_files_of_the_deployment_are_those_of_compose() -> None:
    yaml = YAML(typ="safe")
    services = yaml.load((ROOT / "compose.yaml").read_text())["services"]
    assert set(re.findall(r"jaegertracing/jaeger:[\w.]+", DEPLOY)) == {IMAGES["jaeger"].official}
    published = {port.rpartition(":")[2] for port in services["jaeger"]["ports"]}
    assert published <= set(re.findall(r"^\| (\d+) \|", DEPLOY, re.MULTILINE))
    assert services["jaeger"]["read_only"] is True
    assert services["jaeger"]["cap_drop"] == ["ALL"]
    assert (ROOT / "containers" / "dockerfiles" / "studio" / "Dockerfile").is_file()


def test_the_deployments_need_what_the_page_says() -> None:
    folder = ROOT / "deployments"
    railway = section(DEPLOY, "Railway")
    assert {f"/{file.relative_to(ROOT)}" for file in folder.glob("railway/*.json")} == set(
        re.findall(r"`(/deployments/railway/[\w-]+\.json)`", railway)
    )
    needed = set(re.findall(r"\{\$(\w+)", (folder / "jaeger" / "Caddyfile").read_text()))
    row = next(line for line in railway.splitlines() if line.startswith("| `jaeger-proxy`"))
    assert needed == set(re.findall(r"`(\w+)(?:=[^`]*)?`", row.split("|")[3]))
    kubernetes = section(DEPLOY, "Kubernetes")
    assert {name for name in needed if name in kubernetes} == needed - {"PORT", "JAEGER_ADDRESS", "JAEGER_OTLP_ADDRESS"}
    assert {"REDIS_URL", "DATABASE_URL", "STUDIO_SESSION_SECRET"} <= set(re.findall(r"\w+", kubernetes))


@pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_the_index_leads_to_every_page(document: Path) -> None:
    assert document.name == "index.md" or f"]({document.name}" in page("index.md")


def test_the_pictures_of_jaeger_stand_next_to_the_trees_of_their_traces() -> None:
    shown = section(TRACING, "Pictures of Jaeger")
    ids = dict(re.findall(r"^\| (.+) \| `([0-9a-f]{32})` \|$", section(TRACING, "Example traces"), re.MULTILINE))
    flows = {id: flow for flow, id in ids.items()}
    trees = {expected.flow: expected.tree.lstrip("\n") for expected in EXPECTED}
    parts = [part for part in shown.split("\n### ") if "Trace `" in part]
    for part in parts:
        (trace_id,) = set(re.findall(r"Trace `([0-9a-f]{32})`, at `/trace/\1`", part))
        assert [block.text for block in blocks(part)] == [trees[flows[trace_id]]]
        assert "](pictures/jaeger/" in part
    assert len(parts) == 6
    files = {file.name for file in (DOCS / "pictures" / "jaeger").glob("*.png")}
    assert set(re.findall(r"\(pictures/jaeger/([\w-]+\.png)\)", shown)) == files
