"""Find processes in different places that share a `service.instance.id` (rule RES-002)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from spanpact.packs.instrumentation_score.failures import Failure, service_of
from spanpact.trace.model import Resource, Value

_PLACES: Final = ("k8s.pod.name", "host.id", "host.name")  # of a pod that restarts in place, only the uid is new


class Instances:
    """The place of each instance seen so far: one pod, else one host."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str, str], dict[str, Value]] = {}

    def failures(self, resource: Resource, span_id: str) -> Iterator[Failure]:
        """Note a resource, and yield a failure if an instance of this id was seen elsewhere."""
        attributes, service = resource.attributes, service_of(resource)
        id = attributes.get("service.instance.id")
        if not isinstance(id, str) or not id:
            return
        known = self._places.setdefault((str(attributes.get("service.namespace", "")), service, id), {})
        for name in _PLACES:
            place = attributes.get(name)
            if place is not None and known.setdefault(name, place) != place:
                yield Failure("RES-002", service, span_id, f"one instance id with two values of `{name}`")
                return
            if name in known and place is not None:
                return  # the pod is the same: its host need not be
