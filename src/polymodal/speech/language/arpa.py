"""Language models as ARPA files, the text format of n-gram tools."""

from __future__ import annotations

import gzip
import math
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from polymodal.core.disk.files import write_atomic
from polymodal.core.disk.paths import user_path
from polymodal.core.errors import DataError
from polymodal.speech.language.ngram import NGram, check_unit

__all__ = ["read_arpa", "write_arpa"]

_COUNT = re.compile(r"ngram\s+(\d+)\s*=\s*(\d+)")
_SECTION = re.compile(r"\\(\d+)-grams:")
_BLANKS = re.compile(r"[ \t]+")
_GZIP = b"\x1f\x8b"
_ABOVE_ZERO = 1e-4  # some tools round certain words to a little above 0

Table = dict[tuple[str, ...], tuple[float, float]]


def write_arpa(model: NGram, path: str | os.PathLike) -> Path:
    """Writes a model; a name that ends in .gz is compressed.

    Example:

    >>> model = NGram({("a",): (-0.5, 0.0), ("b",): (-0.5, -0.2), ("b", "a"): (-0.1, 0.0)})
    >>> read_arpa(write_arpa(model, "small.arpa")).score(("b",), "b")
    (-0.7, ('b',))
    """
    path = user_path(path)
    orders = [
        sorted(gram for gram in model.table if len(gram) == length)
        for length in range(1, model.order + 1)
    ]
    lines = ["\\data\\", *(f"ngram {k}={len(grams)}" for k, grams in enumerate(orders, 1)), ""]
    for length, grams in enumerate(orders, 1):
        lines.append(f"\\{length}-grams:")
        for gram in grams:
            log10, backoff = model.table[gram]
            last = "" if length == model.order else f"\t{backoff:.7f}"
            lines.append(f"{log10:.7f}\t{' '.join(gram)}{last}")
        lines.append("")
    content = ("\n".join([*lines, "\\end\\"]) + "\n").encode()
    write_atomic(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def read_arpa(path: str | os.PathLike, unit: str = "word") -> NGram:
    """Reads a model, compressed by gzip or not. Missing back-off weights are 0.

    Args:
        path: the file.
        unit: str, what the file's n-grams are made of: "word" or "character".

    Raises:
        DataError: the file is missing or malformed; the message names the line.
    """
    check_unit("read_arpa", unit)
    reader = _Reader(user_path(path))
    counts = reader.header()
    table: Table = {}
    for length, count in enumerate(counts, 1):
        reader.section(length, count, len(counts), table)
    reader.expect("\\end\\")
    return NGram(table, unit)


class _Reader:
    """The lines of a file with their numbers, without the empty ones."""

    def __init__(self, path: Path):
        self.path, self.number = path, 0
        self.lines = self._lines()
        self.line = ""

    def _lines(self) -> Iterator[str]:
        try:
            with self.path.open("rb") as raw:
                packed = raw.read(2) == _GZIP
                raw.seek(0)
                with gzip.open(raw) if packed else raw as stream:
                    for self.number, line in enumerate(stream, 1):
                        if text := line.decode("utf-8-sig" if self.number == 1 else "utf-8").strip(
                            " \t\r\n"
                        ):
                            yield text
        except UnicodeDecodeError:
            raise self.error("is not UTF-8") from None
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(
                f"cannot be read ({error}).",
                "Check the path and the file.",
                path=str(self.path),
                reason="unreadable_arpa",
            ) from None

    def error(self, problem: str) -> DataError:
        return DataError(
            f"line {self.number} {problem}.",
            "Write the ARPA file again.",
            path=str(self.path),
            reason="malformed_arpa",
        )

    def next(self, wanted: str) -> str:
        self.line = next(self.lines, "")
        if not self.number:
            raise DataError(
                "is empty.",
                "Write the ARPA file again.",
                path=str(self.path),
                reason="malformed_arpa",
            )
        if not self.line:
            raise self.error(f"is the last, expected {wanted}")
        return self.line

    def expect(self, line: str) -> None:
        if self.next(line) != line:
            raise self.error(f"has {self.line[:60]!r}, expected {line}")

    def header(self) -> list[int]:
        """Returns the number of n-grams of each order."""
        while self.next("\\data\\") != "\\data\\":
            pass  # anything may be before the data
        counts: list[int] = []
        while match := _COUNT.fullmatch(self.next("\\1-grams:")):
            if int(match[1]) != len(counts) + 1:
                raise self.error(f"counts order {match[1]}, expected order {len(counts) + 1}")
            counts.append(int(match[2]))
        if not counts:
            raise self.error(f"has {self.line[:60]!r}, expected ngram 1=COUNT")
        return counts

    def section(self, length: int, count: int, order: int, table: Table) -> None:
        """Reads the n-grams of one order into the table."""
        if length > 1:
            self.next(f"\\{length}-grams:")
        match = _SECTION.fullmatch(self.line)
        if not match or int(match[1]) != length:
            raise self.error(
                f"has {self.line[:60]!r}, expected \\{length}-grams: "
                "after the n-grams that the header counts"
            )
        for _ in range(count):
            fields = _BLANKS.split(self.next(f"{count} n-grams of order {length}"))
            if not length + 1 <= len(fields) <= length + 1 + (length < order):
                raise self.error(
                    f"has {self.line[:60]!r}, expected a probability, {length} "
                    f"word{'s' * (length > 1)} and at most a back-off weight"
                )
            gram = tuple(fields[1 : length + 1])
            if gram in table:
                raise self.error(f"repeats {' '.join(gram)!r}")
            backoff = 0.0
            if len(fields) > length + 1:
                backoff = self._number(fields[length + 1])
            log10 = self._number(fields[0])
            if log10 > _ABOVE_ZERO:
                raise self.error(f"has the log-probability {log10}, expected at most 0")
            table[gram] = (log10, backoff)

    def _number(self, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if math.isnan(number) or number == math.inf:
            raise self.error(f"has {text[:20]!r}, expected a number")
        return max(number, -99.0)  # what never happens is -99 or -inf
