"""OTLP documents that can be read several times, and their traces, each as soon as it is over.

`stored_documents` says where documents are; `first_pass` finds where each trace ends, `document_summaries` reads spans
and records with little decoded, `trace_stream` puts traces together; `link_targets` finds links into other traces,
with a `number_table`. May import: `verifying`, `cache`, `shapes`.
"""
