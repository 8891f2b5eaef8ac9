"""Arguments that several commands share, and what they mean.

- `options` has the parser and the options; `project_settings` fills in what a settings file gives;
- `contract_arguments` loads contract files, `judged_by` contracts and packs, `levels` the levels of findings;
- `scenario_labels` reads which trace belongs to which scenario; `trace_links` makes the links to traces.
"""
