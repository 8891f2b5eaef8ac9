"""`attributes`, `resource`, `exactly_one_true`: names, aliases and values (sections 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeAlias

from spanpact.contract.compiled import AttributeExpectation, Matcher
from spanpact.engine.checks.context import Context
from spanpact.engine.checks.outcomes import KEPT, Breach, Outcome, Undecided
from spanpact.engine.checks.values.matching import (
    TYPE_UNKNOWN,
    certain_fault,
    compile_matcher,
    line_end_hint,
    undecidable_type,
)
from spanpact.engine.checks.values.shown import described, shown, shown_values
from spanpact.trace.attributes import IrregularAttributes, values_of
from spanpact.trace.equality import equal, may_equal, possible_values
from spanpact.trace.model import Attributes

AttributeJudge: TypeAlias = Callable[[Attributes, Context], Sequence[Outcome]]
"""Return the outcomes of one attribute expectation on the attributes of a span, a resource, an event or a link."""


def compile_attribute(expectation: AttributeExpectation) -> AttributeJudge:
    """Return the function that judges one attribute of a span, a resource, an event, a link or a log record."""
    matcher, names, name = expectation.matcher, expectation.names, expectation.name
    fault = compile_matcher(matcher)
    expected = described(matcher)
    if matcher.presence == "absent":
        return lambda attributes, _: _must_be_absent(names, attributes)

    if matcher.presence is None and not matcher.optional:
        missing: Sequence[Breach] = (Breach("attribute-missing", f"attribute {name} is missing", expected, "missing"),)
    elif matcher.optional:
        missing = ()
    else:
        missing = (Breach("attribute-missing", f"attribute {name} is missing", "present", "missing"),)
    untyped_fault = compile_matcher(replace(matcher, type=None))
    has_value_test = replace(matcher, same_as=None, optional=False, presence=None) != Matcher()
    type_asked = matcher.type in ("int", "double", "bytes", "string")
    same_as = matcher.same_as

    def judge(attributes: Attributes, context: Context) -> Sequence[Outcome]:
        found, undecided, types_known = False, None, "value_types" in context.capabilities
        for each in names:
            if each not in attributes:
                continue
            found = True
            for value in (attributes[each],) if type(attributes) is dict else values_of(attributes, each):
                unknown = undecidable_type(matcher, value, context.capabilities) if type_asked else None
                test = untyped_fault if unknown else fault
                others = possible_values(value, context.capabilities) if has_value_test and not types_known else ()
                if others:
                    unknown, wrong = TYPE_UNKNOWN, certain_fault(test, value, others)
                else:
                    wrong = test(value)
                undecided = undecided or unknown
                if wrong:  # a breach outweighs what cannot be decided
                    kind, wanted, observed = wrong
                    verb = "has the wrong type" if kind == "type" else "has a different value"
                    hint = line_end_hint(matcher, value)
                    return (
                        Breach(f"attribute-{kind}", f"attribute {each} {verb}", wanted, observed, hint, attribute=each),
                    )
        if not found:
            return _with_unsent_hint(missing, names, attributes)
        if undecided:
            return (undecided,)
        if same_as and context.values_of is not None:
            return _compare_with_reference(expectation, attributes, context)
        return KEPT

    return judge


def _with_unsent_hint(missing: Sequence[Breach], names: Sequence[str], attributes: Attributes) -> Sequence[Breach]:
    """Return the breach of a missing attribute, with the reason where the emitter holds it and does not send it."""
    if isinstance(attributes, IrregularAttributes) and (unsent := attributes.unsent.intersection(names)):
        hint = f"{min(unsent)} holds an integer beyond 64 bits: exporters do not send it"
        return [replace(breach, hint=hint) for breach in missing]
    return missing


def _must_be_absent(names: Sequence[str], attributes: Attributes) -> Sequence[Outcome]:
    for name in names:
        if name in attributes:
            message = f"attribute {name} must be absent"
            return (Breach("attribute-unexpected", message, "absent", shown_values(attributes, name), attribute=name),)
    return KEPT


def _compare_with_reference(
    expectation: AttributeExpectation, attributes: Attributes, context: Context
) -> Sequence[Outcome]:
    """Return the outcomes of `same_as`: the attribute equals every value that the reference has in the flow."""
    reference = expectation.matcher.same_as
    assert reference is not None
    assert context.values_of is not None
    target = f"{reference.entry}.{reference.attribute}"
    others = context.values_of(reference)
    if not others:
        return (Undecided("no-reference", f"{target} has no value in this flow"),)
    undecided = False
    for name in expectation.names:
        if name not in attributes:
            continue
        for value, other in product(values_of(attributes, name), others):
            if equal(value, other):
                undecided = undecided or bool(possible_values(value, context.capabilities))
            elif may_equal(value, other, context.capabilities):
                undecided = True
            else:
                message = f"attribute {name} differs from {target}"
                return (Breach("attribute-relation", message, shown(other), shown(value), attribute=name),)
    return (TYPE_UNKNOWN,) if undecided else KEPT


def _is_true_and_not(attributes: Attributes, name: str) -> bool:
    """Return whether the name occurs more than once, with the value true and with another one."""
    return type(attributes) is not dict and len({value is True for value in values_of(attributes, name)}) > 1


def exactly_one_true(names: Sequence[Sequence[str]], attributes: Attributes, context: Context) -> Sequence[Outcome]:
    """Return a breach unless exactly one of the names (each with its aliases) is boolean true; missing is not true."""
    if "scalar_types" not in context.capabilities and any(
        True in possible_values(attributes.get(name), context.capabilities) for group in names for name in group
    ):
        return (TYPE_UNKNOWN,)
    true = [group[0] for group in names if any(attributes.get(name) is True for name in group)]
    unclear = [name for group in names for name in group if _is_true_and_not(attributes, name)]
    if len(true) == 1 and not unclear:
        return KEPT
    listed = ", ".join(group[0] for group in names)
    return (
        Breach(
            "attribute-relation",
            f"exactly one of {listed} must be true",
            "exactly one true",
            ", ".join([f"{', '.join(true)} true" if true else "none true", *(f"{name} also not" for name in unclear)]),
        ),
    )
