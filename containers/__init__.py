"""Where the backends of demos and tests come from: a real server, found or started, and stopped again."""
