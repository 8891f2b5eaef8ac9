"""The commands: each module or package has `build_parser` (the options of a command) and `run` (what it does).

A command is listed in `spanpact.cli.COMMANDS`, and imported only when it is run.
"""
