"""Verify traces in partitions, each by a process of its own, and merge what they count (ADR 0070).

`partition_verification` judges the traces of a partition, `partition_result` is what it gives, `first_numbers` notes in
which trace each thing was found first, and `whole_verification` merges the results and judges the traces that are left.
The report is that of one verification of all traces in their order. May import: `verifying`, `cache`.
"""

from __future__ import annotations

from spanpact.verification.partitions.partition_result import PartitionResult
from spanpact.verification.partitions.partition_verification import PartitionVerification
from spanpact.verification.partitions.whole_verification import WholeVerification

__all__ = ["PartitionResult", "PartitionVerification", "WholeVerification"]
