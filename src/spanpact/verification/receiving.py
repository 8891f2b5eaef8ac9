"""Verify what a receiver has kept: streamed where that can be, else decoded as a whole. The report is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from spanpact.contract.compiled import ContractPlan
from spanpact.engine import CompiledContract
from spanpact.findings import Report
from spanpact.otlp import Origin, SharedValues
from spanpact.otlp.protobuf.signals import LogsMessage
from spanpact.sources.files.json_texts import Document
from spanpact.sources.receiver import OtlpReceiver
from spanpact.sources.receiver.intake.received_traffic import NOTHING_GROWS, ReceivedTraffic, decoded
from spanpact.sources.receiver.intake.request_body import BODY
from spanpact.verification.documents.stored_documents import AnyDocument, DocumentSource, StoredDocuments
from spanpact.verification.options import DEFAULT_OPTIONS, VerificationOptions
from spanpact.verification.streaming import verify_documents
from spanpact.verification.verifying import verify


def verify_received(
    receiver: OtlpReceiver,
    plans: Sequence[ContractPlan | CompiledContract],
    options: VerificationOptions = DEFAULT_OPTIONS,
    *,
    traffic: ReceivedTraffic | None = None,
    growing_since: float = NOTHING_GROWS,
    source_name: str = "",
) -> Report:
    """Return the report on the traffic of a session of a receiver (default: what is in no session).

    A trace to which something came after `growing_since` (s, monotonic) is incomplete. `source_name` is the name in the
    report (default: with the address). What arrives meanwhile is not judged.
    """
    traffic = traffic or receiver.sessions.default
    info = receiver.info
    if source_name:
        info = msgspec.structs.replace(info, name=source_name)
    report = None
    if not options.hold:
        kept = _Kept(traffic)
        stored = StoredDocuments(
            info, receiver.scenarios, receiver.offered, [DocumentSource(kept.documents)], kept.settled(growing_since)
        )
        report = verify_documents(stored, plans, options)
    if report is None:
        reading = msgspec.structs.replace(receiver.reading(traffic, growing_since), source=info)
        report = verify(plans, reading, options)
    return report


_OTHER: Final[Mapping[str, bytes]] = {"traces": b'ogs"', "logs": b'pans"'}
_ESCAPED: Final = rb"\u00"  # may be a letter of a name


class _Kept:
    """The bodies that a session has now, as documents."""

    def __init__(self, traffic: ReceivedTraffic) -> None:
        self._bodies = traffic.bodies
        self._end = len(traffic.bodies)
        self._shared = SharedValues()

    def documents(self) -> Iterator[AnyDocument]:
        """Yield the bodies; those of which a part was not kept are decoded."""
        for _, body in self._bodies.iterate(end=self._end):
            if not body.whole:
                yield decoded(body, self._shared)
            elif body.encoding == "json":
                mixed = _OTHER[body.signal] in body.data or _ESCAPED in body.data  # only the signal counts
                yield decoded(body, self._shared) if mixed else Document(body.data, Origin(BODY), check_keys=False)
            else:
                yield LogsMessage(body.data) if body.signal == "logs" else body.data

    def settled(self, growing_since: float) -> float:
        """Return how many bodies had come at a time."""
        if growing_since == NOTHING_GROWS:
            return NOTHING_GROWS
        return sum(body.arrived <= growing_since for _, body in self._bodies.iterate(end=self._end))
