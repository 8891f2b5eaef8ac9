"""The page's data: `report_data` chooses traces, and the others write each one.

`trace_rows` says which spans are drawn, `trace_encoding` has their columns, `clause_table` their findings. Texts are
numbers of a `string_table`, and all of it is written by `script_json`.
"""
