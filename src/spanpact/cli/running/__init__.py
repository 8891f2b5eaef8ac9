"""What `run` and `conform` start: the environment, the command, the service, and the last spans on their way."""
