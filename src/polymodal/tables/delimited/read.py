"""Delimited text with every cell read as text: shared by CSV and TSV."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc

from polymodal.core.errors import DataError
from polymodal.core.printed.visible import brief
from polymodal.tables.bounds import MAX_LINE_BYTES
from polymodal.tables.delimited.dialect import Dialect, find_dialect, not_utf8
from polymodal.tables.delimited.escapes import Unescaped
from polymodal.tables.delimited.quotes import check_quotes

BLOCK_BYTES = 1 << 20
_MAX_BLOCK_BYTES = MAX_LINE_BYTES
_LINE_BREAK, _QUOTE = compute.MatchSubstringOptions("\n"), compute.MatchSubstringOptions('"')


def read_delimited(path: Path, delimiter: str, others: str) -> pa.RecordBatchReader:
    """Returns the rows of a delimited file as a stream of text columns.

    Args:
        path: Path, the file: UTF-8 with or without a byte order mark, quoted by `"`. A first line
            `sep=;` is skipped.
        delimiter: str, one character.
        others: str, delimiters that the header may show instead.

    Raises:
        DataError: the header or a row cannot be used; the message gives row and fix. Rows are
            checked while the stream is consumed.
    """
    dialect = find_dialect(path, delimiter, others)
    schema = pa.schema([(name, pa.string()) for name in dialect.names])
    return pa.RecordBatchReader.from_batches(schema, _batches(path, dialect, schema))


def _batches(path: Path, dialect: Dialect, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yields batches; where one row is longer than a block, starts again with a longer block."""
    done, block_bytes, last, doubtful = 0, BLOCK_BYTES, None, False
    while True:
        position = 0
        bad_rows: list[pc.InvalidRow] = []
        options = pc.ReadOptions(
            # One thread: only then does a bad row know its number. The names in the file may be
            # empty or carry spaces, so that line is skipped and ours are given.
            use_threads=False,
            block_size=block_bytes,
            column_names=schema.names,
            skip_rows=dialect.num_lines_before,
            skip_rows_after_names=1,
        )
        try:
            for batch in _open(path, dialect, schema, options, bad_rows):
                fresh = batch.slice(max(done - position, 0))
                position += batch.num_rows
                if fresh.num_rows:
                    done, last = position, fresh
                    doubtful = doubtful or any(map(_may_be_swallowed, fresh.columns))
                    columns = fresh.columns
                    yield pa.record_batch(
                        [_without_nulls(c) for c in columns] if dialect.escaped else columns,
                        schema=schema,
                    )
            break
        except pa.ArrowInvalid as error:
            most = min(_MAX_BLOCK_BYTES, path.stat().st_size)
            if "straddl" not in str(error) or block_bytes >= most:
                if "straddl" in str(error) and not dialect.escaped:
                    check_quotes(path, dialect.delimiter)  # a quote without end is a long row
                raise _explain(error, path, bad_rows) from error
            block_bytes = min(block_bytes * 8, _MAX_BLOCK_BYTES)
    if not dialect.escaped and (
        doubtful or (last is not None and "\n" in last.columns[-1][-1].as_py())
    ):
        check_quotes(path, dialect.delimiter)


def _without_nulls(column: pa.Array) -> pa.Array:
    r"""Returns a column in which `\N` is an empty cell: who escapes quotes, as MySQL, writes so."""
    is_null = compute.call_function("equal", [column, pa.scalar("\\N")])
    return compute.call_function("if_else", [is_null, pa.scalar(None, pa.string()), column])


def _may_be_swallowed(column: pa.Array) -> bool:
    """Returns True where a cell holds a line break and a quote: rows that a stray quote joins do.

    Many texts do as well, so this only says that a slower check is worthwhile.
    """
    breaks = compute.call_function("match_substring", [column], _LINE_BREAK)
    if not breaks.true_count:
        return False
    quotes = compute.call_function("match_substring", [column], _QUOTE)
    return compute.call_function("and", [breaks, quotes]).true_count > 0


def _open(path: Path, dialect: Dialect, schema: pa.Schema, options: pc.ReadOptions, bad_rows: list):
    def stop(row):
        bad_rows.append(row)
        return "error"

    source: Any = Unescaped(path) if dialect.escaped else path
    return pc.open_csv(
        source,
        options,
        pc.ParseOptions(
            delimiter=dialect.delimiter,
            newlines_in_values=True,
            escape_char="\\" if dialect.escaped else False,
            invalid_row_handler=stop,
        ),
        pc.ConvertOptions(column_types=schema, strings_can_be_null=False),
    )


def _ragged(bad: Any, path: Path) -> DataError:
    return DataError(
        f"needs {bad.expected_columns} cells, as many as the header. "
        f"Got {bad.actual_columns}: {brief(bad.text)!r}.",
        "Add or remove cells, and put texts that contain the delimiter, a quote or a line "
        'break between quotes ("").',
        table=path.name,
        row=None if bad.number is None else bad.number - 1,
        reason="ragged",
    )


def _explain(error: pa.ArrowInvalid, path: Path, bad_rows: list) -> DataError:
    if bad_rows:
        return _ragged(bad_rows[0], path)
    if "UTF8" in str(error):
        return not_utf8(path)
    if "straddl" in str(error):
        return DataError(
            f"has a row longer than {_MAX_BLOCK_BYTES >> 20} MiB.",
            'Look for a quote (") that is never closed.',
            path=path.name,
            reason="quotes",
        )
    return DataError(
        f"cannot be read: {error}.", "Fix the file.", path=path.name, reason="unreadable_table"
    )
