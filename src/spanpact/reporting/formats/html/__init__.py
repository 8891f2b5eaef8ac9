"""The report as one HTML page: `page` puts it together.

`sections` is what can be read without a script, `data` the traces, as JSON for the script. `kinds` groups the findings
as the page lists them, `contract_excerpts` reads the lines of a clause, `markup` makes elements of texts.

`style/` and `script/` hold what every page has, as data of the package. The files of the script are modules that import
each other by name; `page` lists them in order and puts them together, as the page loads nothing.
"""
