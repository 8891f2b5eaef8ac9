"""Configure Sphinx for the docs site, which `nox -s docs` builds (docs/adr/0066).

The source folder is the checkout, so that every link of a page is the same on the site, on GitHub and in an editor.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from sphinx.util.inspect import stringify_signature

from docs.site.navigation import ADDITIONS, NO_PAGES, PATTERNS, without_folder_links
from spanpact import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
PUBLIC = ("spanpact", "spanpact.testing", "spanpact.sources", "spanpact.conformance", "spanpact.reporting")

project, version = "spanpact", __version__
root_doc = "docs/index"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
include_patterns = list(PATTERNS)
exclude_patterns = [".*", "**/.*", *NO_PAGES, *(f"**/{name}" for name in NO_PAGES)]
# Pygments does not know a plain scalar such as session:* within braces, which YAML allows.
suppress_warnings = ["misc.highlighting_failure"]

myst_heading_anchors = 6  # those of GitHub
highlight_language = "none"
smartquotes = False  # pages quote exactly what is printed

default_role = "code"  # docstrings write `names` as Markdown does
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
maximum_signature_line_length = 80

html_theme = "furo"
html_theme_options: dict[str, Any] = {"top_of_page_buttons": []}
html_title, html_favicon = "spanpact", "static/icon.svg"
html_extra_path = ["root"]
html_static_path, html_css_files = ["static"], ["site.css"]
html_copy_source = html_show_sourcelink = html_show_copyright = False


def add_navigation(app: Sphinx, page: str, source: list[str]) -> None:
    """Add to a page what only the site has: tables of contents. Links to folders become text, as the site has none."""
    place = Path(app.env.doc2path(page))
    source[0] = without_folder_links(source[0], place.parent)
    if page in ADDITIONS:
        source[0] += ADDITIONS[page](ROOT)


def leave_out_module_text(_: Sphinx, what: str, *others: Any) -> None:
    """Leave the docstring of a package out: it is for those who change the package, and the page has its own text."""
    if what == "module":
        others[-1].clear()


def with_short_types(_: Sphinx, what: str, *others: Any) -> tuple[str, str | None] | None:
    """Return the signature of a struct with its types as its code names them: `Attributes`, not what it stands for."""
    _, value, _, _, returned = others
    if what != "class" or not issubclass(value, msgspec.Struct):
        return None
    written = {name: text for base in reversed(value.__mro__) for name, text in inspect.get_annotations(base).items()}
    signature = inspect.signature(value)
    parameters = [each.replace(annotation=written[each.name]) for each in signature.parameters.values()]
    return stringify_signature(signature.replace(parameters=parameters)), returned


def setup(app: Sphinx) -> None:
    """Import the public names, of which most are imported when they are used, and connect the functions above."""
    for package in map(import_module, PUBLIC):
        vars(package).update({name: getattr(package, name) for name in package.__all__})
    app.connect("source-read", add_navigation)
    app.connect("autodoc-process-docstring", leave_out_module_text)
    app.connect("autodoc-process-signature", with_short_types)
