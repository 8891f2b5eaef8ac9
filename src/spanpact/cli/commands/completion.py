"""`spanpact completion`: print what a shell needs to complete commands, options and their values."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from spanpact.cli.arguments.options import Parser
from spanpact.cli.output import print_text

SHELLS: Final = ("bash", "zsh", "fish")

# @…@ is replaced. A word that is no option and has no list of values is a file.
_BASH: Final = r"""# Completion of spanpact for bash: source <(spanpact completion bash)
_spanpact() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" words=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="@COMMANDS@ --help --version"
    elif [[ "$current" == -* ]]; then
        case "${COMP_WORDS[1]}" in
@OPTIONS@
        esac
    else
        case "${COMP_WORDS[1]} $previous" in
@VALUES@
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    if [ -z "$words" ] && [[ "$current" != -* ]]; then
        local IFS=$'\n'
        COMPREPLY=($(compgen -f -- "$current"))
    fi
}
complete -o filenames -F _spanpact spanpact
"""
_ZSH: Final = """\
# Completion of spanpact for zsh: source <(spanpact completion zsh)
autoload -Uz compinit bashcompinit && compinit && bashcompinit
"""
_FISH: Final = "# Completion of spanpact for fish: spanpact completion fish | source\n"
_NO_COMMAND: Final = "__fish_use_subcommand"


def build_parser() -> Parser:
    """Return the parser of `spanpact completion`."""
    parser = Parser(
        "completion",
        "Print the completion of commands, options and values for a shell.",
        examples=["spanpact completion bash > ~/.local/share/bash-completion/completions/spanpact"],
        exit_codes="0 printed, 2 wrong usage",
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    return parser


def run(arguments: Sequence[str]) -> int:
    """Print the completion and return 0."""
    from spanpact.cli import COMMANDS, load_command

    shell = build_parser().parse_args(arguments).shell
    parsers: dict[str, Parser] = {name: load_command(name).build_parser() for name in COMMANDS}
    print_text(_fish(parsers, COMMANDS) if shell == "fish" else _bash(parsers, shell), sys.stdout)
    return 0


def _bash(parsers: Mapping[str, Parser], shell: str) -> str:
    options = [f'        {name}) words="{" ".join(_options(parser))}" ;;' for name, parser in parsers.items()]
    values = [
        f'        "{name} {option}") words="{" ".join(accepted)}" ;;'
        for name, parser in parsers.items()
        for option, accepted in _values(name, parser)
    ]
    text = _BASH.replace("@COMMANDS@", " ".join(parsers))
    text = text.replace("@OPTIONS@", "\n".join(options)).replace("@VALUES@", "\n".join(values))
    return f"{_ZSH}{text.partition(chr(10))[2]}" if shell == "zsh" else text


def _fish(parsers: Mapping[str, Parser], about: Mapping[str, str]) -> str:
    lines = [f"complete -c spanpact -n {_NO_COMMAND} -f -a {name} -d {_quoted(about[name])}" for name in parsers]
    for name, parser in parsers.items():
        inside = f"complete -c spanpact -n '__fish_seen_subcommand_from {name}'"
        values = dict(_values(name, parser))
        for action in parser._actions:
            for option in (text for text in action.option_strings if text.startswith("--")):
                takes = (
                    ""
                    if action.nargs == 0
                    else f" -x -a {_quoted(' '.join(values[option]))}"
                    if option in values
                    else " -r"
                )
                lines.append(f"{inside} -l {option[2:]}{takes} -d {_quoted(_first_sentence(action))}")
        if name in values:
            lines.append(f"{inside} -f -a {_quoted(' '.join(values[name]))}")
    return _FISH + "\n".join(lines) + "\n"


def _options(parser: Parser) -> list[str]:
    return [text for action in parser._actions for text in action.option_strings if text.startswith("--")]


def _values(name: str, parser: Parser) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the options of a command that accept certain words, and the words; under the command's name its own."""
    for action in parser._actions:
        if accepted := _words(action, parser):
            yield from ((option, accepted) for option in action.option_strings or [name])


def _words(action: argparse.Action, parser: Parser) -> Sequence[str]:
    if action.choices:
        return list(action.choices)
    if action.dest == "format":
        return parser.formats
    if action.dest == "packs":
        from spanpact.packs.shipped import PACKS

        return list(PACKS)
    if action.dest == "fail_on":
        from spanpact.findings import LEVELS

        return LEVELS[:-1]
    return ()


def _first_sentence(action: argparse.Action) -> str:
    return (action.help or "").partition(" (default")[0].partition(";")[0]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
