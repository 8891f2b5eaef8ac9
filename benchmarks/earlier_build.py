"""An earlier build of this project, from its history, to measure in the same run as the present one.

The speed of a machine drifts, so only ratios within one run say whether something became faster.

    with earlier_build() as folder:
        subprocess.run([sys.executable, "-m", "reference_impl"], env={**os.environ, **environment_of(folder)})
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

EARLIER: Final = "47e6372"
"""The commit that goals name: the build before the service and verification were made faster."""
ROOT: Final = Path(__file__).parents[1]
_HTTPX: Final = "import sys\nimport httpx2\nsys.modules[__name__] = httpx2\n"
"""The build imports httpx, of which httpx2 is the successor with the same API. No measured request uses it."""


class NoEarlierBuild(Exception):
    """The history does not have the build; the text is one line that says what to do."""


@contextmanager
def earlier_build(commit: str = EARLIER, repository: Path = ROOT) -> Iterator[Path]:
    """Put the files of a commit into a temporary folder, removed at the end. Raise `NoEarlierBuild`."""
    try:
        done = subprocess.run(["git", "-C", str(repository), "archive", commit], capture_output=True)
    except OSError as error:
        raise NoEarlierBuild(f"no comparison with build {commit}: git cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        what_to_do = "run in a checkout with its whole history (git fetch --unshallow)"
        raise NoEarlierBuild(f"no comparison with build {commit}: {repository} does not have it; {what_to_do}")
    with tempfile.TemporaryDirectory(prefix=f"spanpact-{commit[:7]}-") as folder:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
            files.extractall(folder, filter="data")
        Path(folder, "httpx.py").write_text(_HTTPX)
        yield Path(folder)


def environment_of(folder: Path) -> Mapping[str, str]:
    """Return the variables with which a Python imports this build, wherever it is started."""
    return {"PYTHONPATH": os.pathsep.join([str(folder / "src"), str(folder)]), "PYTHONSAFEPATH": "1"}
