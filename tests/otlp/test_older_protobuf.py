"""Log records with an opentelemetry-proto before 1.35, which applications with an older exporter have installed.

Its LogRecord has no field `event_name`. Such a release needs an older protobuf too, so that it cannot be installed
here: a process of its own loads the messages of today without that field.
"""

from __future__ import annotations

import subprocess
import sys

OLDER = """
from google.protobuf import descriptor_pb2, descriptor_pool


class Older:
    def __init__(self, pool):
        self.pool = pool

    def __getattr__(self, name):
        return getattr(self.pool, name)

    def AddSerializedFile(self, data):
        file = descriptor_pb2.FileDescriptorProto.FromString(data)
        for message in file.message_type:
            kept = [field for field in message.field if field.name != "event_name"]
            del message.field[:]
            message.field.extend(kept)
        return self.pool.AddSerializedFile(file.SerializeToString())


older = Older(descriptor_pool.Default())
descriptor_pool.Default = lambda: older
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData

assert "event_name" not in LogRecord.DESCRIPTOR.fields_by_name
data = LogsData()
records = data.resource_logs.add().scope_logs.add().log_records
records.add(trace_id=b"t" * 16, span_id=b"s" * 8).body.string_value = "named"
records[0].MergeFromString(b"\\x62\\x05login")  # field 12, as a sender with a newer release sends it
records.add(trace_id=b"t" * 16, span_id=b"s" * 8).body.string_value = "unnamed"

from spanpact.otlp import decode_protobuf_logs

print([(log.event_name, log.body) for log in decode_protobuf_logs(data.SerializeToString()).logs])
"""


def test_log_records_are_read_with_their_event_names() -> None:
    done = subprocess.run([sys.executable, "-c", OLDER], capture_output=True, text=True, timeout=50, check=False)
    assert (done.stdout, done.stderr) == ("[('login', 'named'), ('', 'unnamed')]\n", "")
