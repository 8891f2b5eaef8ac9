"""List, make or name the images of the backends.

python -m containers.images                    which image is used for what, and why
python -m containers.images build [--local]    pull or make what is missing; --local makes an image even where a
                                               registry answers
python -m containers.images env                the choice as variables, for `docker compose --env-file`
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from containers.images.building import ensure_image
from containers.images.catalogue import IMAGES, choose
from containers.ladder import BackendUnavailable


def main(arguments: Sequence[str] | None = None) -> int:
    """List, make or name the images. Return the exit code: 1 where one cannot be had."""
    options = _options(arguments)
    names = tuple(options.names or IMAGES)
    failed = False
    # Jaeger takes longer to make than all other images and needs none of them, so it is made at the same time.
    # Alone, it is made in this thread, which Ctrl+C ends at once.
    with ThreadPoolExecutor(1) as executor:
        jaeger = executor.submit(_line, "jaeger", options) if "jaeger" in names and len(names) > 1 else None
        for name in names:
            try:
                print(jaeger.result() if jaeger and name == "jaeger" else _line(name, options), flush=True)
            except BackendUnavailable as error:
                failed = True
                print(f"{name}: {error}", file=sys.stderr)
    return 1 if failed else 0


def _line(name: str, options: argparse.Namespace) -> str:
    if options.action == "build":
        return f"{name:9} {ensure_image(name, local=options.local)}"
    choice = choose(name)
    if options.action == "env":
        return f"{IMAGES[name].variable}={choice.reference}"
    return f"{name:9} {choice.reference} ({choice.why})"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m containers.images", description="The images of the backends.")
    parser.add_argument("action", nargs="?", choices=("list", "build", "env"), default="list")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(IMAGES)}; default: all")
    parser.add_argument("--local", action="store_true", help="make the image even where a registry answers")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(IMAGES)):
        parser.error(f"unknown image {unknown[0]!r}; known are {', '.join(IMAGES)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
