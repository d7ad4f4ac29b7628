"""One part of the data under inspection: its columns by kind, its texts and its measured media."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from polymodal.core.errors import DataError, cell_error
from polymodal.core.printed.counting import agreeing, counted
from polymodal.core.printed.progress import bar
from polymodal.feed.decode import in_threads
from polymodal.media.cache import default_folder
from polymodal.media.cells import open_cell
from polymodal.media.identity import cell_key
from polymodal.media.media_cell import media_cell
from polymodal.profile.profile import Profile
from polymodal.profile.target_form import AMOUNTS, CLASSES, TEXTS, Form, target_form
from polymodal.questions.inspection.finding import Finding, Level
from polymodal.questions.inspection.measured.image import measure_image
from polymodal.questions.inspection.measured.kept import KeptFacts
from polymodal.questions.inspection.measured.sound import measure_sound
from polymodal.questions.inspection.measured.vectors import as_vectors
from polymodal.questions.inspection.measured.video import measure_video
from polymodal.tables.kinds import MEDIA

_VERSION = 3  # raise when something else is measured
_ROWS = "{rows} "
_CHUNK = 8  # cells that a worker takes at a time
_MEASURES: Mapping[str, Callable[[Any, Any], dict[str, Any]]] = {
    "image": measure_image,
    "audio": measure_sound,
    "video": measure_video,
}


class Media:
    """What was measured of the distinct cells of a media column.

    Args:
        modality: str, image, audio or video.
        slots: (rows,) int, the distinct cell of each row, -1 where it is empty.
        facts: what was measured of each distinct cell, {"error", "reason"} where it is unreadable.
    """

    def __init__(self, modality: str, slots: np.ndarray, facts: list[dict[str, Any]]):
        self.modality, self.slots, self.facts = modality, slots, facts
        self.readable = np.array(["error" not in one for one in facts], bool)

    def values(self, key: str) -> np.ndarray:
        """Returns (cells,) float, one measurement; NaN where it is unknown."""
        return np.array([float(one.get(key, math.nan)) for one in self.facts])

    def by_row(self, key: str) -> np.ndarray:
        """Returns (rows,) float, one measurement; NaN where it is unknown."""
        return np.append(self.values(key), np.nan)[self.slots]

    def hashes(self) -> np.ndarray:
        """Returns (cells,) uint64, the hash of the decoded content, 0 where there is none."""
        return np.array([one.get("hash", 0) for one in self.facts], np.uint64)

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the numbers of the readable cells, and (n, dim) uint8, their fingerprints."""
        cells = np.flatnonzero(self.readable)
        if not len(cells):
            return cells, np.zeros((0, 1), np.uint8)
        return cells, as_vectors([self.facts[cell]["vector"] for cell in cells])

    def rows(self, cells: Iterable[int] | np.ndarray) -> np.ndarray:
        """Returns the rows (from 0) that have one of these cells."""
        return np.flatnonzero(np.isin(self.slots, np.asarray(list(cells), int)))


class Look:
    """A part of the data: what the profile knows of its columns, and what was measured.

    Args:
        part: str, train, val or test.
        facts: Profile of its rows.
        target: str, the column to predict, or None.
        keep: bool, whether measurements are kept on disk.
        num_workers: int, threads that decode media.
    """

    def __init__(
        self, part: str, facts: Profile, target: str | None, keep: bool = True, num_workers: int = 2
    ):
        self.part, self.facts, self.table, self.target = part, facts, facts.table, target
        self._keep, self._num_workers = keep, num_workers

    def __len__(self) -> int:
        return len(self.table)

    @property
    def places(self) -> dict[int, int]:
        """{row number as messages show it: index of the row}."""
        return self.facts.once(
            "places", lambda: {self.table.row_number(row): row for row in range(len(self))}
        )

    def place_of(self, number: int) -> str | None:
        """Returns the place of an answer in conversations, "line 3, turn 2"; None for a row, which
        its number names."""
        if self.table.unit == "rows":
            return None
        return self.table.row_name(self.places[number])

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return self.table.column_names

    @property
    def form(self) -> Form | None:
        """What the target holds; None without a target, or where it cannot be used as one."""
        if self.target is None:
            return None
        try:
            return target_form(self.facts.whole, self.target)
        except DataError:
            return None

    @property
    def has_labels(self) -> bool:
        """Whether the target is a class."""
        return self.form is not None and self.form.kind == CLASSES

    def kind(self, column: str) -> str | None:
        """Returns image, audio, video, text, number, date, category or another modality, or None
        for a column that tells nothing."""
        if column == self.target and self.form is not None:
            kinds = {TEXTS: "text", CLASSES: "category", AMOUNTS: "number"}
            return kinds.get(self.form.kind)
        verdict = self.facts.whole.verdict(column)
        if verdict.modality == "tabular":
            return verdict.kind
        return verdict.modality

    def of_kind(self, *kinds: str) -> list[str]:
        """Returns the columns of some kinds."""
        return [name for name in self.columns if self.kind(name) in kinds]

    @property
    def media_columns(self) -> list[str]:
        """The columns of images, sounds and videos."""
        return self.of_kind(*MEDIA)

    def cells(self, column: str) -> list[Any]:
        """Returns all cells of a column that is not media."""
        return self.facts.once(("cells", column), lambda: list(self.table.values(column)))

    def texts(self, column: str) -> list[str | None]:
        """Returns the cells of a column as texts, lists joined; None where they are empty."""
        return self.facts.once(
            ("texts", column), lambda: [_as_text(cell) for cell in self.cells(column)]
        )

    def numbers(self, column: str) -> np.ndarray:
        """Returns (rows,) float, a column of numbers; NaN where a cell holds none."""
        return self.facts.once(("numbers", column), lambda: self._numbers(column))

    def media(self, column: str) -> Media:
        """Returns what was measured of a media column; each distinct cell is decoded once."""
        return self.facts.once(("measured", column), lambda: self._measure(column))

    def finding(
        self,
        kind: str,
        columns: str | Iterable[str],
        rows: Iterable[int] | np.ndarray,
        what: str,
        why: str,
        fix: str,
        *,
        level: Level = "fault",
        notes: Mapping[int, str] | None = None,
        count: int | None = None,
    ) -> Finding:
        """Returns a finding about rows of this part.

        Args:
            kind, why, fix, level: as of a Finding.
            columns: one column or several.
            rows: indices of rows, from 0.
            what: str, a sentence; "{rows}" at its start becomes how many of how many rows, and the
                verb after it agrees with them.
            notes: {index of a row: what is wrong in it}.
            count: int, where it is not the number of rows.
        """
        names = (columns,) if isinstance(columns, str) else tuple(columns)
        numbers = {int(row): self.table.row_number(int(row)) for row in rows}
        if count is None:
            count = len(numbers)
        if what.startswith(_ROWS):
            said = agreeing(count, what.removeprefix(_ROWS))
            unit = self.table.unit.removesuffix("s")
            what = f"{count:,} of {counted(len(self), unit)} {said}"
        return Finding(
            kind,
            names,
            what,
            why,
            fix,
            count,
            tuple(sorted(numbers.values())),
            {numbers[row]: note for row, note in (notes or {}).items() if row in numbers},
            self.part,
            level,
        )

    def _numbers(self, column: str) -> np.ndarray:
        found = self.facts.whole.column(column).guess
        read: Callable[[Any], float | None] = float
        if found is not None and found.kind == "number":
            read = found.reading.numbers.read
        values = np.full(len(self), np.nan)
        for row, cell in enumerate(self.cells(column)):
            with suppress(TypeError, ValueError, OverflowError):
                number = read(cell)
                if number is not None:
                    values[row] = number
        return values

    def _measure(self, column: str) -> Media:
        modality = str(self.kind(column))
        slots, first = self.facts.items(column)
        kept = KeptFacts(self._path(column, modality))
        facts: list[dict[str, Any]] = [{}] * len(first)

        def work(start: int) -> int:
            stop = min(start + _CHUNK, len(first))
            for item in range(start, stop):
                facts[item] = self._one(self.table.cell(int(first[item]), column), modality, kept)
            return stop - start

        try:
            with bar(f"Looking at {column}", len(first)) as advance:
                for done in in_threads(work, range(0, len(first), _CHUNK), self._num_workers):
                    advance(done)
        finally:
            kept.write()
        return Media(modality, slots, facts)

    def _one(self, cell: Any, modality: str, kept: KeptFacts) -> dict[str, Any]:
        key = cell_key(f"{modality} {_VERSION}", cell, self.table)
        found = kept.get(key)
        if found is not None:
            return found
        try:
            found = _MEASURES[modality](cell, self.table.root)
        except Exception as error:  # decoders raise of every kind
            said = cell_error(error).by_file()
            found = {"error": str(said), "reason": said.reason}
        other = _other_kind(cell, self.table.root, modality)
        if other:
            found["other_kind"] = other
        if "error" not in found:  # the cause of an error may be gone next time
            kept.add(key, found)
        return found

    def _path(self, column: str, modality: str) -> Any:
        if not self._keep:
            return None
        name = f"{os.path.abspath(self.table.root)}\0{self.table.name}\0{column}\0{modality}"
        key = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:20]
        try:
            return default_folder() / "inspect" / f"{key}.jsonl"
        except RuntimeError:  # no home folder
            return None


def _other_kind(cell: Any, root: Any, modality: str) -> str | None:
    """Returns what a file is by its first bytes, where it is clearly no such medium."""
    from polymodal.tables.kinds import NUM_MAGIC_BYTES, kind_of_bytes

    if media_cell(cell).frames:
        return None
    try:
        source, _ = open_cell(cell, root)
        if isinstance(source, bytes):
            start = source[:NUM_MAGIC_BYTES]
        else:
            with source.open("rb") as file:
                start = file.read(NUM_MAGIC_BYTES)
    except (DataError, OSError):
        return None
    kind = kind_of_bytes(start)
    sound_of_video = modality == "audio" and kind == "video"
    if kind is None or kind == modality or sound_of_video:
        return None
    return kind


def _as_text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, list | tuple):
        parts = [str(part) for part in cell if part is not None]
        return "\n".join(parts) or None
    return str(cell)
