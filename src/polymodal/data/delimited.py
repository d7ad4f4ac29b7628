"""Tables of delimited text, where every cell is read as text: what CSV and TSV share."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc

from polymodal.core.errors import DataError
from polymodal.data.quotes import check_quotes

BLOCK_BYTES = 1 << 20
_MAX_BLOCK_BYTES = 1 << 30
_LINE_BREAK, _QUOTE = compute.MatchSubstringOptions("\n"), compute.MatchSubstringOptions('"')


def read_delimited(path: Path, delimiter: str, others: dict[str, str]) -> pa.RecordBatchReader:
    """Returns the rows of a delimited file as a stream of text columns.

    Args:
        path: Path, the file: UTF-8 with or without a byte order mark, quoted by `"`.
        delimiter: str, one character.
        others: {character: name} of delimiters that show a file of another kind.

    Raises:
        DataError: the header or a row cannot be used; the message gives row and fix. Rows are
            checked while the stream is consumed.
    """
    names, num_blank_lines = _header(path, delimiter, others)
    schema = pa.schema([(name, pa.string()) for name in names])
    return pa.RecordBatchReader.from_batches(schema, _batches(
        path, delimiter, schema, num_blank_lines))


def _header(path: Path, delimiter: str, others: dict[str, str]) -> tuple[list[str], int]:
    """Returns the names of the columns and how many blank lines come before them."""
    with open(path, "rb") as file:
        start = file.read(4)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError("is written in UTF-16.", "Save it as UTF-8.", path=path.name,
                        reason="encoding")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            records = enumerate(csv.reader(file, delimiter=delimiter))
            skip, record = next((r for r in records if "".join(r[1]).strip()), (0, None))
    except UnicodeDecodeError:
        raise _not_utf8(path) from None
    except csv.Error as error:
        raise DataError(f"has a header that cannot be read: {error}.", "Check its quotes.",
                        path=path.name, reason="header") from None
    if record is None:
        raise DataError("is empty.", "Write a header with the column names, then one row a line.",
                        path=path.name, reason="empty_table")
    names = [name.strip() or f"unnamed_{i + 1}" for i, name in enumerate(record)]
    _check_names(names, path, delimiter, others)
    return names, skip


def _check_names(names: list[str], path: Path, delimiter: str, others: dict[str, str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"has more than one column named {', '.join(twice)}.",
                        "Give each column a name of its own.", path=path.name,
                        reason="duplicate_columns")
    if len(names) > 1:
        return
    for character, called in others.items():
        if character in names[0]:
            raise DataError(
                f"has a header without {_called(delimiter)} but with {called}: {names[0]!r}.",
                f"Separate the columns by {_called(delimiter)}.", path=path.name,
                reason="delimiter")


def _called(delimiter: str) -> str:
    return {",": "commas", "\t": "tabs"}.get(delimiter, repr(delimiter))


def _batches(path: Path, delimiter: str, schema: pa.Schema,
             num_blank_lines: int) -> Iterator[pa.RecordBatch]:
    """Yields batches; where one row is longer than a block, starts again with a longer block."""
    done, block_bytes, last, doubtful = 0, BLOCK_BYTES, None, False
    while True:
        position = 0
        bad_rows: list[pc.InvalidRow] = []
        options = pc.ReadOptions(
            # One thread: only then does a bad row know its number. The names in the file may be
            # empty or carry spaces, so that line is skipped and ours are given.
            use_threads=False, block_size=block_bytes, column_names=schema.names,
            skip_rows=num_blank_lines, skip_rows_after_names=1)
        try:
            for batch in _open(path, delimiter, schema, options, bad_rows):
                fresh = batch.slice(max(done - position, 0))
                position += batch.num_rows
                if fresh.num_rows:
                    done, last = position, fresh
                    doubtful = doubtful or any(map(_may_be_swallowed, fresh.columns))
                    yield pa.record_batch(fresh.columns, schema=schema)
            break
        except pa.ArrowInvalid as error:
            if "straddl" not in str(error) or block_bytes >= _MAX_BLOCK_BYTES:
                raise _explain(error, path, bad_rows) from error
            block_bytes *= 8
    if doubtful or (last is not None and "\n" in last.columns[-1][-1].as_py()):
        check_quotes(path, delimiter)


def _may_be_swallowed(column: pa.Array) -> bool:
    """Returns True where a cell holds a line break and a quote: rows that a stray quote joins do.

    Many texts do as well, so this only says that a slower look is worth while.
    """
    breaks = compute.call_function("match_substring", [column], _LINE_BREAK)
    if not breaks.true_count:
        return False
    quotes = compute.call_function("match_substring", [column], _QUOTE)
    return compute.call_function("and", [breaks, quotes]).true_count > 0


def _open(path: Path, delimiter: str, schema: pa.Schema, options: pc.ReadOptions, bad_rows: list):
    def stop(row):
        bad_rows.append(row)
        return "error"

    return pc.open_csv(
        path, options,
        pc.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=stop),
        pc.ConvertOptions(column_types=schema, strings_can_be_null=False),
    )


def _explain(error: pa.ArrowInvalid, path: Path, bad_rows: list) -> DataError:
    if bad_rows:
        bad = bad_rows[0]
        text = bad.text if len(bad.text) <= 80 else bad.text[:77] + "..."
        return DataError(
            f"needs {bad.expected_columns} cells, as many as the header. "
            f"Got {bad.actual_columns}: {text!r}.",
            'Add or remove cells, and put texts that hold the delimiter, a quote or a line break '
            'between quotes ("").',
            table=path.name, row=None if bad.number is None else bad.number - 1, reason="ragged")
    if "UTF8" in str(error):
        return _not_utf8(path)
    if "straddl" in str(error):
        return DataError("holds a row longer than 1 GiB.", 'Look for a quote (") that is never '
                         "closed.", path=path.name, reason="quotes")
    return DataError(f"cannot be read: {error}.", "Fix the file.", path=path.name,
                     reason="unreadable_table")


def _not_utf8(path: Path) -> DataError:
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return DataError(
                    f"needs UTF-8 text. Got the byte 0x{byte:02x} in line {number}.",
                    "Save the file as UTF-8, for example: iconv -f gb18030 -t utf-8 (Chinese) or "
                    "iconv -f windows-1252 -t utf-8 (Western).", path=path.name,
                    reason="encoding")
    return DataError("needs UTF-8 text.", "Save the file as UTF-8.", path=path.name,
                     reason="encoding")
