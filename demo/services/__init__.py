"""studio-api and audit-api as processes, whole or with their tracing broken.

Imports `demo.flows` for the settings that the flows need, and `demo.breakages`.
"""

from __future__ import annotations

from demo.services.process import AuditProcess, ServiceFailed, ServiceProcess
from demo.services.running import Services, flows_environ, running_services

__all__ = ["AuditProcess", "ServiceFailed", "ServiceProcess", "Services", "flows_environ", "running_services"]
