"""Tables of one JSON object per line."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.json as pj

from polymodal.core.errors import DataError
from polymodal.tables.bounds import MAX_DEPTH, MAX_LINE_BYTES, check_fill, deep_line, too_long
from polymodal.tables.json_text import parse_json
from polymodal.tables.schema import merge_schemas

__all__ = ["read_jsonl"]

_BLOCK_BYTES = 1 << 20
_FEW_LINES = 1024
_BLOCK_CELLS = 1 << 23
_CHANGED = re.compile(r"Column\(/?(.*)\) changed from (\w+) to (\w+) in row (\d+)")


def read_jsonl(path: Path) -> pa.RecordBatchReader:
    """One JSON object per line, in UTF-8. Lists of numbers are vectors, nested lists sequences."""
    # The file is read twice: types are known only at its end, and memory stays one block.
    schema, num_rows, size = pa.schema([]), 0, path.stat().st_size
    table = None
    for table in _tables(path, None, _FEW_LINES):
        num_rows += table.num_rows
        schema = merge_schemas([schema, table.schema])
        check_fill(len(schema), num_rows, size, path.name)
    if table is not None and table.num_rows == num_rows and table.schema.equals(schema):
        return table.to_reader()  # it was read whole, and no type changed
    return pa.RecordBatchReader.from_batches(schema, _batches(path, schema))


def _batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for table in _tables(path, schema, _BLOCK_CELLS // max(len(schema), 1) + 1):
        yield from table.select(schema.names).cast(schema).to_batches()


def _tables(path: Path, schema: pa.Schema | None, num_lines: int) -> Iterator[pa.Table]:
    """Yields the rows of a few lines each: every row takes room for the names of all others."""
    lines, rows = 0, 0
    for block in _blocks(path, num_lines):
        if block.strip():
            try:
                table = _table(block, schema, path, lines)
            except (pa.ArrowInvalid, UnicodeDecodeError) as error:
                raise _explain(error, path, block, lines, rows) from error
            rows += table.num_rows
            yield table
        lines += block.count(b"\n")


def _table(block: bytes, schema: pa.Schema | None, path: Path, lines: int) -> pa.Table:
    block.decode("utf-8")
    line = deep_line(block)
    if line is not None:
        raise DataError(
            f"has lists or objects nested more than {MAX_DEPTH} levels deep in line "
            f"{lines + line + 1}.",
            "Write flatter values: numbers, texts, lists, or lists of lists.",
            path=path.name,
            reason="unreadable_table",
        )
    return pj.read_json(
        pa.BufferReader(block),
        pj.ReadOptions(use_threads=False, block_size=len(block) + 1),
        pj.ParseOptions(explicit_schema=schema),
    )


def _blocks(path: Path, num_lines: int) -> Iterator[bytes]:
    """Yields whole lines, about `_BLOCK_BYTES` and at most `num_lines` at a time."""
    with open(path, "rb") as file:
        if file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)
        lines = 0
        while block := file.read(_BLOCK_BYTES):
            block += file.readline(MAX_LINE_BYTES)
            if len(block) >= MAX_LINE_BYTES:
                raise too_long(path.name, lines + block.count(b"\n") + 1)
            lines += block.count(b"\n")
            if block.count(b"\n") <= num_lines:
                yield block
                continue
            parts = io.BytesIO(block).readlines()
            yield from (
                b"".join(parts[start : start + num_lines])
                for start in range(0, len(parts), num_lines)
            )


def _explain(error, path: Path, block: bytes, lines: int, rows: int) -> DataError:
    def cannot(problem: str, fix: str, reason: str = "unreadable_table") -> DataError:
        return DataError(problem, fix, path=path.name, reason=reason)

    for number, line in enumerate(block.split(b"\n"), start=lines + 1):
        try:
            value = {}
            if line.strip():
                value = parse_json(line)
        except UnicodeDecodeError:
            return cannot(
                f"needs UTF-8 text. Line {number} is not.", "Save the file as UTF-8.", "encoding"
            )
        except ValueError as problem:
            return cannot(
                f"needs one JSON object per line. Line {number} is not one: {problem}.",
                "Fix that line.",
            )
        if not isinstance(value, dict):
            return cannot(
                f"needs one JSON object per line. Line {number} has {type(value).__name__}.",
                'Write {"column": value, ...}.',
            )
    changed = _CHANGED.search(str(error))
    if changed:
        column, before, after, row = changed.groups()
        return DataError(
            f"has {_article(after)}, and {_article(before)} in rows before it.",
            "Write one type in the whole column.",
            table=path.name,
            row=rows + int(row) + 1,
            column=column,
            reason="mixed_types",
        )
    return cannot(f"cannot be read: {error}.", "Fix the file.")


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"
