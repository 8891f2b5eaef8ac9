"""One file names and pins the images; which is used is decided by what is here and what a registry answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from containers.images.__main__ import main
from containers.images.building import ensure_image
from containers.images.catalogue import CHECKOUT, IMAGES, Image, choose, registry_error
from containers.ladder import BackendUnavailable
from tests.containers.engine.scripted_engine import Answers, scripted_engine

Engine = Callable[[Answers], list[str]]
REDIS = IMAGES["redis"]
OFFICIAL = REDIS.official or ""
NO_REGISTRY = {
    ("GET", f"/distribution/{OFFICIAL}/json"): (500, {"message": "lookup registry-1.docker.io: no such host"})
}
REGISTRY: Answers = {("GET", f"/distribution/{OFFICIAL}/json"): (200, {})}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'engine.sock'}")
    for image in IMAGES.values():
        monkeypatch.delenv(image.variable, raising=False)
    registry_error.cache_clear()
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(scripted_engine(tmp_path, answers))
    registry_error.cache_clear()


def here(*references: str) -> Answers:
    return {("GET", f"/images/{reference}/json"): (200, {}) for reference in references}


def test_the_environment_decides_first(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine({**here(OFFICIAL, REDIS.local)})
    monkeypatch.setenv("SPANPACT_REDIS_IMAGE", "mirror.example/redis:7")
    choice = choose("redis")
    assert (choice.reference, choice.present) == ("mirror.example/redis:7", False)


def test_the_official_image_comes_before_the_local_one(engine: Engine) -> None:
    engine({**here(OFFICIAL, REDIS.local)})
    assert choose("redis").reference == OFFICIAL


def test_a_local_image_is_used_without_asking_a_registry(engine: Engine) -> None:
    requests = engine({**here(REDIS.local)})
    assert choose("redis").reference == REDIS.local
    assert not [line for line in requests if "distribution" in line]


def test_a_registry_that_answers_gives_the_official_one(engine: Engine) -> None:
    engine(REGISTRY)
    assert (choose("redis").reference, choose("redis").present) == (OFFICIAL, False)


def test_a_registry_is_asked_once(engine: Engine) -> None:
    requests = engine(REGISTRY)
    choose("redis")
    choose("redis")
    assert len([line for line in requests if "distribution" in line]) == 1


def test_where_none_can_be_had_it_says_why_and_what_to_do(engine: Engine) -> None:
    engine(NO_REGISTRY)
    with pytest.raises(
        BackendUnavailable, match=r"no such host\); make it with `python -m containers.images build redis`"
    ):
        choose("redis")


def test_no_engine_is_reported(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "redis"]) == 1
    assert capsys.readouterr().err == "redis: no Docker engine answers\n"


def test_nothing_is_done_for_an_image_that_is_here(engine: Engine) -> None:
    requests = engine({**here(REDIS.local), **NO_REGISTRY})
    assert ensure_image("redis") == f"{REDIS.local} (made here before)"
    assert {line.split()[0] for line in requests} == {"GET"}


def test_what_was_pulled_is_not_pulled_again(engine: Engine) -> None:
    engine({**here(OFFICIAL), **REGISTRY})
    assert ensure_image("redis") == f"{OFFICIAL} (pulled before)"


def test_what_was_pulled_is_used_where_no_registry_answers_any_more(engine: Engine) -> None:
    engine({**here(OFFICIAL), **NO_REGISTRY})
    assert ensure_image("redis") == f"{OFFICIAL} (pulled before)"


def test_the_choice_as_variables_is_what_compose_reads(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine(here(*(image.local for image in IMAGES.values())))
    assert main(["env"]) == 0
    chosen = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    assert chosen == {image.variable: image.local for image in IMAGES.values()}
    files = [(CHECKOUT / name).read_text() for name in ("compose.yaml", "compose.receive.yaml")]
    variables = set(re.findall(r"\$\{(SPANPACT_\w+):", "".join(files)))
    assert variables == chosen.keys() - {"SPANPACT_POSTGRES_IMAGE"}


@pytest.mark.parametrize("missing", ["redis", "jaeger"])
def test_images_are_listed_in_order_and_an_unavailable_one_stops_no_other(
    engine: Engine, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    official = IMAGES[missing].official
    refused = {("GET", f"/distribution/{official}/json"): (500, {"message": "no such host"})}
    engine({**here(*(image.local for image in IMAGES.values() if image.name != missing)), **refused})
    assert main(["list", "jaeger", "studio", "redis"]) == 1
    captured = capsys.readouterr()
    assert [line.split()[0] for line in captured.out.splitlines()] == [
        name for name in ("jaeger", "studio", "redis") if name != missing
    ]
    assert captured.err.startswith(f"{missing}: no image for {missing} (")


def test_compose_names_the_same_pins() -> None:
    compose = (CHECKOUT / "compose.yaml").read_text()
    assert [name for name in ("redis", "jaeger") if f":-{IMAGES[name].official}}}" not in compose] == []


def test_every_pin_is_an_exact_version() -> None:
    officials = [image.official for image in IMAGES.values() if image.official]
    assert [reference for reference in officials if not re.search(r":\d+\.\d+", reference)] == []


def test_the_tag_of_a_local_image_changes_with_its_inputs() -> None:
    one = Image("x", None, (CHECKOUT / "constraints.txt",))
    other = Image("x", None, (CHECKOUT / "pyproject.toml",))
    assert one.local != other.local
    assert one.local == Image("x", None, (CHECKOUT / "constraints.txt",)).local


def test_an_unknown_image_is_wrong_usage() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["build", "kafka"])


@pytest.mark.parametrize("name", IMAGES)
def test_every_recipe_runs_as_somebody_and_says_how_it_is(name: str) -> None:
    recipe = (CHECKOUT / "containers" / "dockerfiles" / name / "Dockerfile").read_text()
    users = re.findall(r"^USER (\S+)", recipe, re.M)
    assert users
    assert users[-1].partition(":")[0] not in ("root", "0")
    assert "\nHEALTHCHECK " in recipe
