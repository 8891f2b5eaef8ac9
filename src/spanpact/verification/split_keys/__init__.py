"""Split keys: judge the parts of a trace like parts that were judged before (ADR 0040).

What a contract says of a complete trace without a breach is a sum, of counts that it exercised and left undecided:

    trace  =  sum over its flows of  ENTRIES(key of the flow)
                                   + RULES(what the rules select in the flow)
                                   + sum over its spans of  ANSWER(key of the span)

Three tables for each contract hold these summands, each found by the engine itself on the first part that has the key:
what it counted while it checked the entries of a flow; what its rules say of a flow as a whole, and of one span, in a
collector of their own. Nothing of a breach is ever stored. A trace all of whose parts are known is only counted. Of any
other, the engine judges the contracts of which something is not known, and of these only the flows; in such a flow it
checks the rules only on spans without an answer. The report is the same to the byte.

The native core (`core/src/split/`) does all of this but the filling of tables. In terms of `shapes`, for one trace with
a shape:

1. *Contents* (`trace_view`). The content of span i is its shape; with log records, a number for (its shape, the shapes
   of its records in the order of reading). `values[i]` are its compared values, then those of its records. A trace with
   a shape that was not seen on a decoded span yet, with a record of no span, or with an integrity that is not sure
   (`TraceView.is_whole`: at most one span without parent id, and each parent there or surely remote) has no parts.
2. *Candidates* (`trace_parts`). For each content the contracts whose `span` fits its name. Contracts with `scenario` or
   without `span` always apply; others without a candidate have nothing to do with the trace.
3. For each such contract (`split_contract`; `whole_contract` for those that `may_be_split` refuses: their key is that
   of the whole trace):
   a. *Classes* (`span_contents`): of each span its content; if any of the following is not trivial, the tuple of the
      content with all of them: its duration between the contract's bounds (only if it has `duration`), whether its
      clock stood still, the resolution of its times, what `parent` looks at (only if it has `parent`), the parent's
      name (only if it has `parents`).
   b. *Flows*: candidates of which `where` is known, by class, to hold. If that is not known of one, the engine judges.
      Those of which it does not hold are counted as rejected.
   c. *Key of a span* in a flow: its class; if rules have a `same_as`, all of which refer to the flow's own span, also
      which of its values that these compare are equal to each other and to the values referred to (`equal_values`:
      numbers in the order of first occurrence; for one value on both sides a boolean is enough). ANSWER has the counts,
      for each rule how many of the span or its events it selects, and whether a rule about spans selects it.
   d. *Key of the rules*: the bits of the rules that select anything in the flow, and for each rule with `count` the
      number of what it selects there. RULES has counts for the flow, and counts for each of its spans.
   e. *Key of a flow* (`flow_keys`), a recursion over the tree of entries, with every sub-key numbered:
      key(entry, i) = (entry, class of i, a number for each of its values that entries compare: equal values have equal
      numbers in the whole flow, then for each place of the entry: the multiset (sorted) of the sub-keys of the spans
      there whose name fits an entry of the place; a span that fits several has the tuple of its keys; a place in which
      one does is a sequence by start, not a multiset, as entries compete by start). In `children` that are closed, a
      span that fits none adds (None, its class). Of a flow that is the whole trace, the class and the values are those
      of the first span without a parent.
      If the contract has `order` or `concurrency`: also, for the spans that fit an entry which one of these names, and
      the spans that fit an entry above them, by start: the place in this list of the nearest one above, and the
      entries that the span fits with its keys there; if there may be several processes, the number of each one's
      process; and the numbers of `started_before_end` and `open_at_once` (`shapes.trace_shapes`) for the allowances of
      this contract.
      ENTRIES has the counts, and which of the spans in the key are placed, in the order of the key.
   f. A trace adds its flows, in the order of their start; the spans in flows, and those that an answer or ENTRIES
      places (section 11); labelled and rejected spans; and the summands, each once more.
4. If something of 3 is not known, the engine judges that contract (`SplitContract.judge`), with the trace decoded.

Why it is a sum: `CoverageCounter` only adds; what it notes once (`mark_vacuous`, `mark_unselected`) is whether a place
was ever reached, and every summand was counted by the engine before, so that its places were. What is undecided is
listed in the order in which it was found first: a summand with something undecided that is not listed yet is not
stored, and the engine judges the trace. Flows share only what findings need (`used`). An assignment looks at the spans
in the key, by class and in the order of their start where they compete; `same_as` of entries at equal values; times
only in `order`, `concurrency`, `duration`; processes only there and in `parent`.
"""

from spanpact.verification.split_keys.additions import Addition, Bits, indexes_of
from spanpact.verification.split_keys.bounded_table import BoundedTable
from spanpact.verification.split_keys.recorded_runs import RecordedRun
from spanpact.verification.split_keys.trace_parts import FoundParts, TraceParts
from spanpact.verification.split_keys.trace_view import TraceView

__all__ = ["Addition", "Bits", "BoundedTable", "FoundParts", "RecordedRun", "TraceParts", "TraceView", "indexes_of"]
