"""TSV: as CSV, by tabs."""

from __future__ import annotations

from polymodal.tables.table import read


def test_commas_are_text(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text('a\tb\none, two\t"x\ty"\n')
    assert read(path).row(0) == {"a": "one, two", "b": "x\ty"}


def test_commas_instead_of_tabs_are_recognised(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a,b\n1,2\n")
    assert read(path).row(0) == {"a": "1", "b": "2"}


def test_format_can_be_said(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("a\tb\n1\t2\n")
    assert read(path, format="tsv").row(0) == {"a": "1", "b": "2"}
