"""Numbers by text come back as they were given, however many there are."""

from __future__ import annotations

from spanpact.verification.documents.number_table import NumberTable


def test_the_table_grows_with_the_number_of_texts() -> None:
    table = NumberTable()
    texts = [f"{number:032x}" for number in range(20_000)]
    for number, text in enumerate(texts, 1):
        table[text] = 1
        table[text] = number
    assert [table[text] for text in texts] == list(range(1, 20_001))
    assert table["none"] == 0
