"""Settings: the origin of each value, and one clear line for a bad one (S1.3, S1.4, S1.5)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from docs.draw_settings import as_markdown
from reference_impl.settings import Settings, SettingsError
from reference_impl.settings.__main__ import main as print_settings
from reference_impl.settings.loading import RULES
from reference_impl.settings.values import masked
from tests.reference_impl.python_process import run_python, without_settings

SECRET = "s" * 32


def test_defaults_are_those_of_the_specification() -> None:
    settings = Settings.load({})
    assert (settings.service_name, settings.environment, settings.sampling_rate) == ("studio-api", "development", 1.0)
    assert (settings.sampler, settings.max_export_batch_size) == ("parentbased_traceidratio", 256)
    assert settings.endpoint == "http://localhost:4318/v1/traces"
    assert set(settings.origins) == {rule.name for rule in RULES}
    assert set(settings.origins.values()) == {"default"}
    assert settings.warnings == ()


def test_production_samples_a_tenth() -> None:
    settings = Settings.load({"OTEL_ENVIRONMENT": "production", "STUDIO_SESSION_SECRET": SECRET})
    assert settings.sampling_rate == 0.1


def test_development_makes_a_secret_of_its_own_and_production_asks_for_one() -> None:
    assert len(Settings.load({}).session_secret) == 64
    assert Settings.load({}).session_secret != Settings.load({}).session_secret
    with pytest.raises(SettingsError, match=r"STUDIO_SESSION_SECRET: is not set; accepted: .* required in production"):
        Settings.load({"OTEL_ENVIRONMENT": "production"})


def test_a_resource_of_production_asks_for_a_secret_too() -> None:
    with pytest.raises(SettingsError, match=r"STUDIO_SESSION_SECRET: is not set"):
        Settings.load({"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=production"})


def test_an_argument_wins_over_everything() -> None:
    environ = {"OTEL_SERVICE_NAME": "by-env", "OTEL_RESOURCE_ATTRIBUTES": "service.name=by-attributes"}
    settings = Settings.load(environ, service_name="by-argument", headers=(("a", "b"),), id_seed=None)
    assert (settings.service_name, settings.origins["service_name"]) == ("by-argument", "argument")
    assert settings.headers == (("a", "b"),)


def test_an_argument_is_checked_like_the_rest() -> None:
    with pytest.raises(SettingsError, match=r"sampling_rate: '1.5' is out of range; accepted: a number from 0 to 1"):
        Settings.load({}, sampling_rate=1.5)
    with pytest.raises(SettingsError, match=r"colour: is not a setting; accepted: resource_attributes, service_name"):
        Settings.load({}, colour="red")


@pytest.mark.parametrize(
    ("standard", "value", "alias", "other", "name", "expected"),
    [
        ("OTEL_TRACES_SAMPLER_ARG", "0.25", "OTEL_SAMPLING_RATE", "0.5", "sampling_rate", 0.25),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://collector:4318",
            "JAEGER_ENDPOINT",
            "http://jaeger:4318",
            "endpoint",
            "http://collector:4318/v1/traces",
        ),
    ],
)
def test_the_standard_variable_wins_and_a_conflict_is_one_warning(
    standard: str, value: str, alias: str, other: str, name: str, expected: object
) -> None:
    settings = Settings.load({standard: value, alias: other})
    assert (getattr(settings, name), settings.origins[name]) == (expected, standard)
    assert settings.warnings == (f"{standard} and {alias} differ: {standard} is used",)
    assert Settings.load({standard: value, alias: value}).warnings == ()


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({"JAEGER_ENDPOINT": "http://jaeger:4318"}, "http://jaeger:4318/v1/traces"),
        ({"JAEGER_ENDPOINT": "http://jaeger:4318/"}, "http://jaeger:4318/v1/traces"),
        ({"JAEGER_ENDPOINT": "http://jaeger:4318/v1/traces"}, "http://jaeger:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/base/"}, "http://c:4318/base/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/own"}, "http://c:4318/own"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http://localhost:4317"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "JAEGER_ENDPOINT": "http://jaeger:4317"}, "http://jaeger:4317"),
    ],
)
def test_the_endpoint_gets_its_path_as_the_standard_says(environ: dict[str, str], endpoint: str) -> None:
    assert Settings.load(environ).endpoint == endpoint


def test_resource_attributes_speak_where_no_variable_of_its_own_does() -> None:
    attributes = "service.name=shop,service.version=2,deployment.environment.name=production"
    settings = Settings.load({"OTEL_RESOURCE_ATTRIBUTES": attributes, "STUDIO_SESSION_SECRET": SECRET})
    assert (settings.service_name, settings.service_version, settings.environment) == ("shop", "2", "production")
    assert settings.sampling_rate == 0.1
    assert settings.origins["service_name"] == "OTEL_RESOURCE_ATTRIBUTES"
    named = Settings.load({"OTEL_RESOURCE_ATTRIBUTES": "service.name=shop", "OTEL_SERVICE_NAME": "cart"})
    assert named.service_name == "cart"


def test_an_environment_in_the_resource_wins_over_the_alias_with_a_warning() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=staging", "OTEL_ENVIRONMENT": "development"}
    settings = Settings.load(environ)
    assert settings.environment == "development"
    assert settings.warnings == (
        "OTEL_RESOURCE_ATTRIBUTES and OTEL_ENVIRONMENT differ: OTEL_RESOURCE_ATTRIBUTES is used",
    )


def test_the_standard_sampler_keeps_its_standard_default_rate() -> None:
    environ = {"OTEL_ENVIRONMENT": "production", "STUDIO_SESSION_SECRET": SECRET}
    assert Settings.load({**environ, "OTEL_TRACES_SAMPLER": "traceidratio"}).sampling_rate == 1.0
    assert Settings.load({**environ, "OTEL_TRACES_SAMPLER": "Always_On"}).sampler == "always_on"


def test_a_sampler_without_a_rate_makes_the_alias_a_conflict() -> None:
    settings = Settings.load({"OTEL_TRACES_SAMPLER": "always_on", "OTEL_SAMPLING_RATE": "0.5"})
    assert settings.warnings == ("OTEL_TRACES_SAMPLER and OTEL_SAMPLING_RATE differ: OTEL_TRACES_SAMPLER is used",)


REMOTE = {"OTEL_TRACES_SAMPLER": "parentbased_jaeger_remote"}


def test_a_remote_sampler_takes_the_standard_s_argument() -> None:
    argument = "endpoint=http://jaeger:5778,pollingIntervalMs=5000,initialSamplingRate=0.25"
    settings = Settings.load({**REMOTE, "OTEL_TRACES_SAMPLER_ARG": argument})
    assert settings.sampling_url == "http://jaeger:5778/sampling"
    assert (settings.sampling_interval_s, settings.sampling_rate) == (5.0, 0.25)
    assert settings.origins["sampling_url"] == settings.origins["sampling_rate"] == "OTEL_TRACES_SAMPLER_ARG"


def test_a_remote_sampler_begins_with_the_rate_of_the_environment() -> None:
    production = {**REMOTE, "OTEL_ENVIRONMENT": "production", "STUDIO_SESSION_SECRET": SECRET}
    assert Settings.load(production).sampling_rate == 0.1
    whole = Settings.load({**production, "OTEL_TRACES_SAMPLER_ARG": "endpoint=http://jaeger:5778/api/sampling"})
    assert (whole.sampling_rate, whole.sampling_url) == (0.1, "http://jaeger:5778/api/sampling")
    named = Settings.load({**production, "OTEL_SAMPLING_RATE": "0.5"})
    assert (named.sampling_rate, named.warnings) == (0.5, ())


def test_arguments_win_over_the_parts_of_the_variable() -> None:
    argument = "endpoint=http://jaeger:5778,pollingIntervalMs=5000"
    settings = Settings.load({**REMOTE, "OTEL_TRACES_SAMPLER_ARG": argument}, sampling_url="http://other:5778")
    assert (settings.sampling_url, settings.sampling_interval_s) == ("http://other:5778/sampling", 5.0)


BAD = {
    "OTEL_SAMPLING_RATE": ["1.5", "-0.1", "nan", "inf", "half"],
    "OTEL_TRACES_SAMPLER_ARG": [
        *("2.5", "x", "endpoint=http://j:5778", "endpoint=j:5778", "endpoint", "initialSamplingRate=2"),
        *("pollingIntervalMs=0", "pollingIntervalMs=1s", "url=http://j:5778"),
    ],
    "OTEL_TRACES_SAMPLER": ["sometimes", "xray"],
    "OTEL_ENVIRONMENT": ["staging", "prod"],
    "JAEGER_ENDPOINT": ["localhost:4318", "ftp://x", "http://", "http://x:99999", "http://[::1", "http://a b"],
    "OTEL_EXPORTER_OTLP_ENDPOINT": ["not a url"],
    "OTEL_EXPORTER_OTLP_PROTOCOL": ["http/json", "udp"],
    "OTEL_EXPORTER_OTLP_COMPRESSION": ["brotli"],
    "OTEL_EXPORTER_OTLP_TIMEOUT": ["soon", "0", "-1"],
    "OTEL_EXPORTER_OTLP_HEADERS": ["no-equals-sign"],
    "OTEL_RESOURCE_ATTRIBUTES": ["service.name", "=x"],
    "OTEL_TRACES_EXPORTER": ["zipkin"],
    "OTEL_SDK_DISABLED": ["yes"],
    "OTEL_BSP_MAX_QUEUE_SIZE": ["0", "many", "1.5"],
    "OTEL_BSP_SCHEDULE_DELAY": ["-5"],
    "OTEL_CONFIG_FILE": ["otel.yaml"],
    "OTEL_SERVICE_NAME": ["x" * 300, "a\nb"],
    "REDIS_URL": ["http://localhost", "redis:localhost"],
    "DATABASE_URL": [
        "mysql://x/y",
        "studio.db",
        "sqlite+aiosqlite:///x?timeout=soon",
        "sqlite+aiosqlite://?timeout=-1",
    ],
    "STUDIO_PORT": ["65536", "http"],
    "STUDIO_SESSION_LIFETIME": ["0"],
    "STUDIO_SESSION_SECRET": ["short"],
}


@pytest.mark.parametrize(("variable", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_value_is_one_line_that_names_the_variable_and_what_is_accepted(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.load({variable: value})
    line = str(raised.value)
    assert line.startswith(f"{variable}: ")
    assert "; accepted: " in line
    assert "\n" not in line
    assert len(line) < 300


def test_a_bad_value_is_refused_also_where_another_variable_wins() -> None:
    with pytest.raises(SettingsError, match=r"OTEL_SAMPLING_RATE"):
        Settings.load({"OTEL_TRACES_SAMPLER_ARG": "0.5", "OTEL_SAMPLING_RATE": "1.5"})


def test_a_batch_larger_than_the_queue_is_refused_and_a_small_queue_makes_a_small_batch() -> None:
    with pytest.raises(SettingsError, match=r"OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 20 .* OTEL_BSP_MAX_QUEUE_SIZE \(10\)"):
        Settings.load({"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "20", "OTEL_BSP_MAX_QUEUE_SIZE": "10"})
    assert Settings.load({"OTEL_BSP_MAX_QUEUE_SIZE": "10"}).max_export_batch_size == 10


def test_empty_variables_count_as_not_set() -> None:
    assert Settings.load({"OTEL_SAMPLING_RATE": "", "OTEL_CONFIG_FILE": ""}).origins["sampling_rate"] == "default"


def test_credentials_are_never_shown() -> None:
    environ = {
        "REDIS_URL": "redis://bob:hunter2@cache:6379/0",
        "DATABASE_URL": "postgresql+psycopg://bob:hunter2@db/studio",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=hunter2",
        "STUDIO_SESSION_SECRET": "hunter2" * 5,
        "JAEGER_ENDPOINT": "http://bob:hunter2@jaeger:4318?token=hunter2",
    }
    settings = Settings.load(environ)
    shown = repr(settings) + repr(settings.table())
    assert "hunter2" not in shown
    assert ("redis_url", "redis://***@cache:6379/0", "REDIS_URL") in settings.table()
    assert settings.headers == (("authorization", "hunter2"),)
    for name in ("REDIS_URL", "DATABASE_URL", "JAEGER_ENDPOINT"):
        with pytest.raises(SettingsError) as raised:
            Settings.load({name: "wrong://bob:hunter2@host/path?password=hunter2"})
        assert "hunter2" not in str(raised.value)
    for name in ("OTEL_EXPORTER_OTLP_HEADERS", "STUDIO_SESSION_SECRET"):
        with pytest.raises(SettingsError) as raised:
            Settings.load({name: "hunter2"})
        assert "hunter2" not in str(raised.value)


def test_masking_leaves_other_text_alone() -> None:
    assert masked("http://host/a@b?x=1") == "http://host/a@b?x=1"
    assert masked("http://u@host?api_key=1&x=2") == "http://***@host?api_key=***&x=2"


@pytest.mark.parametrize(
    ("opted", "mode"), [("", "both"), ("http,database", "semconv"), ("database/dup", "both"), ("http", "both")]
)
def test_the_standard_opt_in_chooses_the_vocabulary(opted: str, mode: str) -> None:
    assert Settings.load({"OTEL_SEMCONV_STABILITY_OPT_IN": opted}).span_vocabulary == mode
    assert Settings.load({"OTEL_SEMCONV_STABILITY_OPT_IN": opted}, span_vocabulary="simple").span_vocabulary == "simple"


def test_unix_sockets_are_redis_urls() -> None:
    assert Settings.load({"REDIS_URL": "unix:///run/redis.sock"}).redis_url == "unix:///run/redis.sock"


def test_the_command_prints_where_each_value_comes_from() -> None:
    done = run_python("-m", "reference_impl.settings", OTEL_SAMPLING_RATE="0.5", OTEL_TRACES_SAMPLER_ARG="0.25")
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["setting", "value", "from"]
    assert ["sampling_rate", "0.25", "OTEL_TRACES_SAMPLER_ARG"] in rows
    assert ["session_secret", "***", "default"] in rows
    assert len(rows) == len(RULES) + 1
    assert done.stderr == (
        "warning: OTEL_TRACES_SAMPLER_ARG and OTEL_SAMPLING_RATE differ: OTEL_TRACES_SAMPLER_ARG is used\n"
    )


def test_the_table_has_columns_and_a_warning_comes_after_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = without_settings() | {"OTEL_SAMPLING_RATE": "0.5", "OTEL_TRACES_SAMPLER_ARG": "0.25"}
    monkeypatch.setattr(os, "environ", given)
    assert print_settings() == 0
    printed = capsys.readouterr()
    head, *rows = printed.out.splitlines()
    column = head.index("value")
    assert {row[column - 2 : column] for row in rows} == {"  "}
    assert printed.err.startswith("warning: OTEL_TRACES_SAMPLER_ARG and OTEL_SAMPLING_RATE differ")
    given["OTEL_SAMPLING_RATE"] = given["OTEL_TRACES_SAMPLER_ARG"] = "1.5"
    assert print_settings() == 2
    assert capsys.readouterr().err.startswith("studio-api: OTEL_")


@pytest.mark.parametrize("module", ["reference_impl", "reference_impl.settings"])
def test_a_bad_value_ends_the_process_with_2_and_one_line(module: str) -> None:
    done = run_python("-m", module, OTEL_SAMPLING_RATE="1.5")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(
        "studio-api: OTEL_SAMPLING_RATE: '1.5' is out of range; accepted: a number from 0 to 1"
    )
    assert done.stderr.count("\n") == 1


def test_the_table_of_variables_has_a_row_for_every_setting_with_what_its_error_message_accepts() -> None:
    rows = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in as_markdown().splitlines()[2:]]
    rules = [rule for rule in RULES if rule.read]
    assert [row[0] for row in rows] == [", ".join(f"`{name}`" for name in r.read) for r in rules]
    assert all(len(row) == 4 and all(row) for row in rows)
    for row, rule in zip(rows, rules, strict=True):
        name = rule.read[0]
        if rule.name != "span_vocabulary":  # the standard's list may have names for other libraries
            with pytest.raises(SettingsError, match=f"{name}: .*accepted: ") as caught:
                Settings.load({name: "\0"})
            assert str(caught.value).endswith(f"accepted: {row[2]}")


def test_the_defaults_that_the_table_shows_are_those_that_are_taken() -> None:
    taken = Settings.load({})
    plain = [rule for rule in RULES if not callable(rule.default)]
    assert [rule.name for rule in plain if getattr(taken, rule.name) != rule.default] == []
    shown = {rule.name: rule.default_text for rule in RULES if rule.default_text}
    assert set(shown) == {rule.name for rule in RULES if callable(rule.default)}
    assert shown["max_export_batch_size"] == str(taken.max_export_batch_size)
    assert shown["sampling_rate"].startswith("0.1 in production, 1.0 in development; 1.0 if `OTEL_TRACES_SAMPLER`")
    assert Settings.load({"OTEL_TRACES_SAMPLER": "traceidratio"}).sampling_rate == 1.0


def test_the_command_prints_the_table() -> None:
    assert run_python("-m", "docs.draw_settings").stdout == as_markdown()


def test_a_reader_that_stops_early_ends_the_command_quietly() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "reference_impl.settings"]
    done = subprocess.run(
        command, env=without_settings(), stdout=write_end, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (0, b"")
