"""200 texts that do something where they are not escaped: in a page, a terminal, a spreadsheet, a log, a template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spanpact.findings import Report
from spanpact.trace.model import Event, LogRecord
from tests.reporting.sample_reports import changed, in_trace, judged, kept_flow

_SCRIPTS: Final = ("alert({})", "top.alert({})", "self['al'+'ert']({})", "import('data:text/javascript,alert({})')")
_MARKUP: Final = (
    "<script>{}</script>", '"><script>{}</script>', "'><script>{}</script>", "</script><script>{}</script>",
    "<img src=x onerror={}>", '"><img src=x onerror="{}">', "<svg onload={}>", "<svg><script>{}</script></svg>",
    "<body onload={}>", "<details open ontoggle={}>", "<iframe srcdoc='<script>{}</script>'>",
    "<video><source onerror={}>", '" onmouseover="{}" x="', "' autofocus onfocus='{}",
    "<a href='javascript:{}'>x</a>", "javascript:{}",
    "<math><mtext><style><img src=x onerror={}></style></mtext></math>", "<!--><script>{}</script>-->",
    "]]><script>{}</script>", "<object data='javascript:{}'>", "<form><button formaction='javascript:{}'>x",
    "<base href='javascript:{}//'>", "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<style onload={}></style>", "</title><script>{}</script>", "</style><script>{}</script>",
    "</template><script>{}</script>", "<marquee onstart={}>", "<input autofocus onfocus={}>",
    "&lt;script&gt;{}&lt;/script&gt;", "\\u003cscript\\u003e{}", "+ADw-script+AD4-{}+ADw-/script+AD4-",
    "<scr<script>ipt>{}</scr</script>ipt>",
)  # fmt: skip
_TEMPLATES: Final = (
    "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "#{7*7}", "{{7*7}}", "<%= 7*7 %>", "{% raw %}",
    "${{ secrets.X }}", "%(a)s%n%x", "$(touch x)", "`touch x`", "; touch x", "| touch x", "{0.__class__}", "%00",
    "..\\..\\x", "../../x",
)  # fmt: skip
_FORMULAS: Final = (
    "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://x.example\",\"x\")", "+1+1", "-1+1", "@SUM(1+1)", "\t=1+1", "\r=1+1",
    "=1+1;", ",=1+1", '"=1+1"',
)  # fmt: skip
_ESCAPES: Final = (
    "\x1b[31mred", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;http://x.example\x1b\\link", "\x1b]52;c;eA==\x07",
    "\x1b[6n", "\x1bc", "\x9b31mred", "\x90q\x9c", "\x07\x08\x7f", "a\rb", "a\nb", "a\x0bb\x0c", "a\x00b",
    "\x1b[?1049h", "\x1b#8", "\x1b(0", "\x1b[10;10H",
)  # fmt: skip
_DIRECTIONS: Final = (
    "\u202eevil", "\u202dabc", "a\u2066b\u2069", "\u2067x", "\u200fx", "\u200ex", "\u061cx", "x\u200by", "x\u200cy",
    "x\u200dy", "x\ufeffy", "x\u00ady", "x\u2028y", "x\u2029y", "\U000e0001tag", "x\u2060y", "\ufff9x\ufffb",
    "a\u0301" * 40,
)  # fmt: skip
_LOGS: Final = (
    "::error::x", "::add-mask::x", "::set-output name=a::b", "a\n::error::b", "##vso[task.complete]",
    "[x](javascript:alert(1))", "![x](x)", "**x**", "|a|b|", "```x", "# x", "<!-- x -->", "\ud800x", "x\udfff",
    "\ufffe", "ERROR: \x1b[0m",
)  # fmt: skip
HOSTILE_TEXTS: Final = tuple(
    dict.fromkeys(
        [
            *(shape.format(script.format(1)) for shape in _MARKUP for script in _SCRIPTS),
            *_TEMPLATES, *_FORMULAS, *_ESCAPES, *_DIRECTIONS, *_LOGS,
        ]
    )
)  # fmt: skip


def report_with(texts: Sequence[str]) -> Report:
    """Return a report on a trace for each text, which is in every place that a program can write a text to."""
    traces = []
    for number, text in enumerate(texts, 1):
        spans = changed(
            kept_flow(), "redis.get", name=text, attributes={text: text, "key": text}, status="error",
            events=(Event(text, 10**18, {text: text}),), status_message=text,
        )  # fmt: skip
        log = LogRecord(spans[0].trace_id, spans[0].span_id, text, body=text, severity=text, attributes={text: text})
        traces.append(in_trace(spans, number, scenario=text, logs=[log]))
    return judged(*traces)
