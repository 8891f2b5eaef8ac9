"""OTLP as protobuf.

`decoding` decodes a whole message, `lazy` without attributes; `wire` cuts a large file into parts, `signals`
recognises protobuf by its first bytes, and `unknown_fields` reads messages with fields of old versions.
"""
