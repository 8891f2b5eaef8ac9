"""The command that `spanpact run` starts: its environment, its process, and the last spans on their way."""
