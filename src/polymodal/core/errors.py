"""Every error that Polymodal raises on purpose: what was expected, what came, and the fix."""

from __future__ import annotations

import re

from polymodal.core.printed.visible import one_line

_MOST_LETTERS = 200  # of what a library says
_SKIP = re.compile(",? or run with --skip-bad")
_FOR_TABLES = re.compile(r",? or (run with --skip-bad|raise max_pixels|--media-root)")


class PolymodalError(Exception):
    """Base of all errors meant for a person. The command line prints it without a traceback."""


class RecipeError(PolymodalError, ValueError):
    """A recipe, a setting or a constructor argument that cannot be used."""


class BundleError(PolymodalError):
    """A bundle that is damaged, foreign or unsafe."""


class ResumeError(PolymodalError):
    """A run that exists but cannot be continued with what was given."""


class Interrupted(PolymodalError):
    """A run that was asked to stop, and stopped with everything saved: no mistake.

    Args:
        message: str, what is saved and how to continue.
        exit_status: int, of the command: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, message: str, exit_status: int = 1):
        super().__init__(message)
        self.exit_status = exit_status


class LockedError(PolymodalError):
    """A run's folder that another living process uses."""


class TrainingError(PolymodalError):
    """Training that cannot continue, such as a loss that is not a number."""


class MissingDependencyError(PolymodalError, ImportError):
    """An optional package that is needed and not installed."""


class DataError(PolymodalError, ValueError):
    """Data that cannot be used, located as precisely as it is known.

    Args:
        problem: str, what is wrong, as a clause: "has 0 samples".
        fix: str, what the user can do, as a sentence: "Fix the file, or run with --skip-bad."
        table: str, name of the table, such as "train.csv".
        row: int, number of the row, counted from 1 without the header.
        column: str, name of the column.
        path: str, the file that the cell points to, if it does.
        reason: str, short key under which a ledger counts this error: "empty_audio".
        place: str, where the row is in the file if not in a row of its own: "line 3, turn 2".

    Example:

    >>> print(DataError("has 0 samples.", "Fix the file.", table="train.csv", row=412,
    ...                 column="audio", path="clips/0412.wav"))
    train.csv row 412: column "audio" (clips/0412.wav) has 0 samples. Fix the file.
    """

    def __init__(
        self,
        problem: str,
        fix: str = "",
        *,
        table: str | None = None,
        row: int | None = None,
        column: str | None = None,
        path: str | None = None,
        reason: str = "bad_value",
        place: str | None = None,
    ):
        self.problem, self.fix, self.reason = problem, fix, reason
        self.table, self.row, self.column, self.path = table, row, column, path
        self.place = place
        super().__init__(problem)

    def at(self, **where: str | int | None) -> DataError:
        """Returns the same error with `table`, `row`, `place`, `column` or `path` filled where
        unknown."""
        for name, value in where.items():
            if getattr(self, name) is None:
                setattr(self, name, value)
        return self

    def left_out(self) -> DataError:
        """Returns a copy for a row that is left out already, without the advice to do so."""
        return DataError(
            self.problem,
            _SKIP.sub("", self.fix),
            table=self.table,
            row=self.row,
            column=self.column,
            path=self.path,
            reason=self.reason,
            place=self.place,
        )

    def by_file(self, rows: bool = False) -> DataError:
        """Returns a copy that names its file alone.

        Args:
            rows: bool, whether the file is in rows of a table, which may be skipped. For one
                that came by itself the fix is what can be done with a file.
        """
        fix = self.fix if rows else _FOR_TABLES.sub("", self.fix)
        return DataError(
            self.problem,
            fix,
            path=self.path,
            reason=self.reason,
            column=None if self.path else self.column,
        )

    def __reduce__(self):  # errors cross process borders in the parallel check
        return _rebuild, (
            self.problem,
            self.fix,
            self.table,
            self.row,
            self.column,
            self.path,
            self.reason,
            self.place,
        )

    def __str__(self) -> str:
        row = self.place
        if row is None and self.row is not None:
            row = f"row {self.row}"
        place = " ".join(part for part in (_name(self.table), row) if part)
        subject = ""
        if self.column is not None:
            subject = f'column "{one_line(self.column)}"'
        if self.path is not None:
            path = one_line(self.path)
            subject = f"{subject} ({path})" if subject else path
        sentence = " ".join(part for part in (subject, self.problem) if part)
        if self.fix and not sentence.endswith("\n"):  # a list of rows ends its line
            sentence += " "
        sentence += self.fix
        if place:
            return f"{place}: {sentence}"
        return sentence


def _name(text: str | None) -> str | None:
    if text is None:
        return None
    return one_line(text)


def cell_error(error: Exception, **where: str | int | None) -> DataError:
    """Returns what reading one cell raised as an error of that cell.

    Decoders and parsers raise of every kind on broken content, and none of it may cost another
    cell. Errors that are about no cell, such as a package that is missing, are raised again.

    Args:
        error: what was raised.
        where: `table`, `row`, `place`, `column` and `path`, as far as they are known.

    Example:

    >>> print(cell_error(RecursionError("too deep"), column="note"))
    column "note" cannot be read (RecursionError: too deep). Fix the cell, or run with --skip-bad.
    """
    if isinstance(error, DataError):
        return error.at(**where)
    if isinstance(error, PolymodalError):
        raise error
    cause = (str(error).strip().splitlines() or [""])[0][:_MOST_LETTERS].rstrip(". ")
    if cause:
        cause = f"{type(error).__name__}: {cause}"
    else:
        cause = type(error).__name__
    return DataError(
        f"cannot be read ({cause}).",
        "Fix the cell, or run with --skip-bad.",
        reason="unreadable_cell",
    ).at(**where)


def _rebuild(problem, fix, table, row, column, path, reason, place):
    return DataError(
        problem, fix, table=table, row=row, column=column, path=path, reason=reason, place=place
    )
