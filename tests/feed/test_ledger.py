"""The ledger counts every row that is dropped, repaired or truncated."""

from __future__ import annotations

import json

from polymodal.feed.ledger import NUM_EXAMPLES, Ledger


def filled():
    ledger = Ledger()
    ledger.read("train.csv", 1000)
    ledger.read("val.csv", 10)
    for row in range(30):
        ledger.drop("train.csv", row, "missing_file", f"message {row}")
    ledger.drop("val.csv", 4, "empty_audio", "no samples")
    ledger.repair("train.csv", 7, "bad_utf8", "replaced")
    ledger.truncate("train.csv", 8, "long_text", "600 words")
    return ledger


def test_counts_by_table_and_reason():
    ledger = filled()
    assert ledger.count("dropped") == {"missing_file": 30, "empty_audio": 1}
    assert ledger.count("dropped", "val.csv") == {"empty_audio": 1}
    assert ledger.count("repaired") == {"bad_utf8": 1}
    assert ledger.count("truncated", "val.csv") == {}
    assert (ledger.num_read(), ledger.num_read("val.csv")) == (1010, 10)


def test_share_of_bad_rows():
    assert filled().bad_share("train.csv") == 0.03
    assert filled().bad_share("val.csv") == 0.1
    assert filled().bad_share() == 31 / 1010
    assert Ledger().bad_share() == 0


def test_few_examples_are_kept_with_row_numbers_from_one():
    examples = filled().examples("missing_file")
    assert len(examples) == NUM_EXAMPLES
    assert examples[0] == {"action": "dropped", "table": "train.csv", "row": 1, "text": "message 0"}
    assert filled().examples("unheard_of") == []


def test_summary_for_a_person():
    assert filled().summary() == (
        "train.csv: 1,000 rows read, 30 dropped (30 missing_file), 1 repaired (1 bad_utf8), "
        "1 truncated (1 long_text).\nval.csv: 10 rows read, 1 dropped (1 empty_audio)."
    )


def test_json_round_trip():
    ledger = filled()
    again = Ledger.from_json(json.loads(json.dumps(ledger.to_json())))
    assert again.to_json() == ledger.to_json()
    again.drop("val.csv", 0, "empty_audio", "no samples")
    assert again.count("dropped", "val.csv") == {"empty_audio": 2}
    assert ledger.count("dropped", "val.csv") == {"empty_audio": 1}


def test_sequences_are_not_called_rows():
    ledger = Ledger("sequences")
    ledger.read("train.csv", 30)
    assert ledger.summary() == "train.csv: 30 sequences read."
    assert Ledger.from_json(ledger.to_json()).unit == "sequences"
