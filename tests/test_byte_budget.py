"""What caches hold is bounded in bytes: many small texts, or a few large ones."""

from __future__ import annotations

from spanpact.byte_budget import ByteBudget


def entries_until_spent(size: int) -> int:
    budget, entries = ByteBudget(1 << 20), 0
    while not budget.is_spent:
        budget.spend(size)
        entries += 1
    return entries


def test_fewer_large_texts_than_small_ones() -> None:
    assert [entries_until_spent(size) for size in (0, 1 << 10, 1 << 16)] == [8193, 911, 16]


def test_a_budget_is_renewed_when_its_caches_are_empty() -> None:
    budget = ByteBudget(100)
    budget.spend(10)
    assert budget.is_spent
    budget.renew()
    assert not budget.is_spent


def test_a_text_that_would_displace_all_others_is_not_taken() -> None:
    assert [ByteBudget(1600).takes(size) for size in (0, 100, 101)] == [True, True, False]
