"""A command runs with an engine that is there, or with one that is started for it and ended with it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from containers.engine import api as engine_api
from containers.engine import bridge, daemon
from containers.engine import running as engine
from tests.containers.engine.scripted_engine import scripted_engine

ANSWERS = {
    ("GET", "/_ping"): (200, "OK"),
    ("GET", "/version"): (200, {"Version": "20.10.24"}),
    ("GET", "/containers/json"): (200, []),
}
# A daemon that answers at its `host` option and writes its process id; the real one needs root.
DAEMON = """#!{python}
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.containers.engine.scripted_engine import scripted_engine
options = dict(argument[2:].split("=", 1) for argument in sys.argv[1:])
Path({pid!r}).write_text(str(os.getpid()))
socket = Path(options["host"].removeprefix("unix://"))
with scripted_engine(socket.parent, {answers!r}):
    signal.sigwait([signal.SIGTERM])
"""
ROOT = str(Path(__file__).parents[3])


@pytest.fixture(autouse=True)
def _nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'engine.sock'}")
    monkeypatch.setattr(daemon, "FOLDER", str(tmp_path))
    monkeypatch.setattr(bridge, "_call", lambda _call, _argument: None)  # test_bridge.py makes real ones
    monkeypatch.setattr(bridge, "_ROUTES", tmp_path / "routes")  # of this machine another engine may have some
    (tmp_path / "routes").write_text("Iface\tDestination\n")
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def dockerd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str = "") -> Path:
    """Put a `dockerd` first on PATH. Return the file of its process id."""
    pid = tmp_path / "its-pid"
    program = tmp_path / "bin" / "dockerd"
    program.parent.mkdir()
    program.write_text(text or DAEMON.format(python=sys.executable, root=ROOT, pid=str(pid), answers=ANSWERS))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return pid


def alive(pid_file: Path) -> bool:
    return Path(f"/proc/{pid_file.read_text()}").exists()


def command(code: str) -> list[str]:
    return ["--", sys.executable, "-c", code]


def test_it_needs_the_standard_library_only() -> None:
    code = f"import sys; sys.path.append({ROOT!r}); import containers.engine.__main__"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_an_engine_that_is_there_is_used_and_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with scripted_engine(tmp_path, ANSWERS):
        assert engine.main(command("raise SystemExit(7)")) == 7
        assert "20.10.24" in capsys.readouterr().out
        assert engine_api.answers()


def test_where_there_is_none_one_runs_for_as_long_as_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pid = dockerd(tmp_path, monkeypatch)
    assert engine.main(command(f"import os; assert os.path.exists('/proc/' + open({str(pid)!r}).read())")) == 0
    assert "started here" in capsys.readouterr().out
    assert not alive(pid)
    assert not list(tmp_path.glob("spanpact-engine-*"))


def test_it_is_ended_also_when_the_command_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = dockerd(tmp_path, monkeypatch)
    with pytest.raises(FileNotFoundError):
        engine.main(["--", str(tmp_path / "nothing")])
    assert not alive(pid)


def test_the_pid_file_of_a_daemon_that_was_killed_does_not_stop_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = dockerd(tmp_path, monkeypatch)
    assert engine.main(command(f"import os; os.kill(int(open({str(pid)!r}).read()), 9)")) == 0
    (tmp_path / "engine.sock").unlink()
    assert engine.main(command("")) == 0


def left_behind(tmp_path: Path) -> Path:
    """The folder of an engine that was killed with all its processes, a namespace in it."""
    folder = tmp_path / "spanpact-engine-killed"
    (folder / "run/netns").mkdir(parents=True)
    (folder / "run/netns/0123").touch()
    (folder / "bridge").write_text("spanpact7")
    return folder


def test_what_a_killed_engine_left_goes_before_the_next_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dockerd(tmp_path, monkeypatch)
    umount = tmp_path / "bin" / "umount"
    umount.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/unmounted\n')
    umount.chmod(0o755)
    removed: list[str] = []
    monkeypatch.setattr(bridge, "remove", removed.append)
    folder = left_behind(tmp_path)
    assert engine.main(command(f"import os; assert not os.path.exists({str(folder)!r})")) == 0
    assert (tmp_path / "unmounted").read_text() == f"{folder}/run/netns/0123\n"
    assert removed == ["spanpact7", "spanpact0"]  # the second is the next one's own, at its end


def test_what_a_living_engine_has_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dockerd(tmp_path, monkeypatch)
    folder = left_behind(tmp_path)
    lock = os.open(folder, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert engine.main(command("")) == 0
    assert (folder / "bridge").exists()
    os.close(lock)


def test_a_running_engine_has_a_bridge_of_its_own_and_a_locked_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = dockerd(tmp_path, monkeypatch)
    with engine.running_engine():
        assert b"--bridge=spanpact0" in Path(f"/proc/{pid.read_text()}/cmdline").read_bytes().split(b"\0")
        (folder,) = tmp_path.glob("spanpact-engine-*")
        lock = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(lock)
        assert (folder / "bridge").read_text() == "spanpact0"


def test_a_daemon_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dockerd(tmp_path, monkeypatch, "#!/bin/sh\necho first\necho no iptables\nexit 1\n")
    assert engine.main(command("")) == 1
    assert capsys.readouterr().err == "dockerd ended with code 1: no iptables\n"


def test_a_daemon_that_never_answers_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(daemon, "_START_TIMEOUT", 0.2)
    dockerd(tmp_path, monkeypatch, "#!/bin/sh\necho waiting\nexec sleep 60\n")
    assert engine.main(command("")) == 1
    assert capsys.readouterr().err == "dockerd did not answer within 0.2 s: waiting\n"


def test_without_root_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert engine.main(command("")) == 1
    assert capsys.readouterr().err == "no Docker engine answers; start one, or run this as root on Debian\n"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DOCKER_HOST", "tcp://192.0.2.1:2375", "another machine"),
        ("PATH", "", "no apt-get to install docker.io with"),
    ],
    ids=["engine on another machine", "no apt-get"],
)
def test_what_prevents_the_start_of_an_engine_is_reported(
    variable: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert engine.main(command("")) == 1
    assert message in capsys.readouterr().err


def test_an_installation_that_fails_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    apt = tmp_path / "bin" / "apt-get"
    apt.parent.mkdir()
    apt.write_text("#!/bin/sh\necho no network\nexit 100\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(apt.parent))
    assert engine.main(command("")) == 1
    assert capsys.readouterr().err == "apt-get update ended with code 100: no network\n"


def test_an_end_by_sigterm_ends_the_command_and_then_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = dockerd(tmp_path, monkeypatch)
    # The child process needs the same patches as this one.
    patched = (
        "import os, sys; from containers.engine import bridge, daemon, running; os.geteuid = lambda: 0; "
        f"bridge._call = lambda *_: None; daemon.FOLDER = {str(tmp_path)!r}; sys.exit(running.main(sys.argv[1:]))"
    )
    waits = "import signal; print('ready', flush=True); signal.pause()"
    runner = subprocess.Popen(
        [sys.executable, "-c", patched, *command(waits)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with runner:
        assert runner.stdout is not None
        assert "ready\n" in iter(runner.stdout.readline, "")
        runner.send_signal(signal.SIGTERM)
        assert runner.wait(30) == 128 + signal.SIGTERM
    assert not alive(pid)
