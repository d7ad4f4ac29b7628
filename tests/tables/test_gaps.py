"""Infinite numbers among inputs are gaps, and their rows are named."""

from __future__ import annotations

from polymodal.feed.check import check
from polymodal.feed.ledger import Ledger
from polymodal.feed.samples import Samples, Source
from polymodal.preprocess.tabular import Tabular
from polymodal.tables.table import read


def test_rows_with_an_infinite_number_are_named_and_kept(capsys):
    table = read(
        {"x": ["1", "inf", "2", "-Infinity"] * 2, "z": [str(n) for n in range(8)]}, name="t.csv"
    )
    source = Source("tabular", Tabular(numbers=["x", "z"], categories=[]), ["x", "z"])
    ledger = Ledger()
    checked = check(Samples(table, [source]), ledger, fit=True)
    assert len(checked) == 8
    assert source.modality.mean.tolist() == [1.5, 3.5]
    assert ledger.count("repaired") == {"infinite_number": 4}
    assert ledger.examples("infinite_number")[0]["text"] == (
        "t.csv row 2: column x is infinite and is read as missing."
    )
    assert 't.csv: column "x" is infinite in rows 2, 4, 6, 8. These cells are read as missing.' in (
        " ".join("".join(capsys.readouterr()).split())
    )


def test_other_rows_are_only_named_up_to_five(capsys):
    table = read({"x": [float("inf"), 1.0] * 8}, name="t.csv")
    source = Source("tabular", Tabular(numbers=["x"], categories=[]), ["x"])
    check(Samples(table, [source]), Ledger())
    assert "rows 1, 3, 5, 7, 9 and 3 more" in "".join(capsys.readouterr())
