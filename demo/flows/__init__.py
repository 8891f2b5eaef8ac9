"""The flows of the demo: requests to services that run, each yielding its trace id and the answer.

`client` sends requests and describes the deployment; the other modules have one group of flows each, and `every_flow`
drives them all.
"""

from __future__ import annotations

from demo.flows.client import DemoFailed, Deployment, FlowResult, ServiceClient
from demo.flows.every_flow import every_flow

__all__ = ["DemoFailed", "Deployment", "FlowResult", "ServiceClient", "every_flow"]
