"""A spool: spans wait on disk until they are stored, also when their process or the endpoint dies (docs/adr/0058).

`processor` appends and sends, `folder` is shared by processes, `spooled_spans` are those of one process, `counts` its
ledger, `records` the format.
"""
