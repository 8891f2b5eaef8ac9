"""OTLP as JSON.

`decoding` decodes a whole text by the types of `messages`, `values` its attributes; `errors` finds the byte at which a
text is wrong, `surrogates` replaces halves of characters, `wrappers` finds requests in other JSON than requests, and
`checks` checks a body without building its spans. `lazy` decodes without attributes. `unknown_fields` reads documents
with fields of old versions. `encoding` writes traces.
"""
