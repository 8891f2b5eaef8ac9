"""A server of the Model Context Protocol, by which coding assistants lint, verify, show and explain.

Each tool is a command line of spanpact, run as a process of its own in the root of the project:

    tool call ──project_files──▶ paths within the project ──commands──▶ spanpact … ──▶ bounded text

`server` declares the tools by the SDK `mcp`, which the extra `mcp` installs. Only that module imports it.
May import: `contract`, `errors`.
"""

from __future__ import annotations

from spanpact.mcp_server.commands import Limits
from spanpact.mcp_server.project_files import ProjectFiles

__all__ = ["Limits", "ProjectFiles"]
