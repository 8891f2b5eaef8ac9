"""The reference implementation: a small service traced as docs/specification.md asks; made to be copied."""
