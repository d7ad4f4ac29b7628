"""Facts on the training table that a bundle keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polymodal.core.fields import Fields

__all__ = ["TrainedOn"]


@dataclass(frozen=True)
class TrainedOn:
    """Facts on the training table of a model.

    Args:
        columns: names of its columns, so that misspelt ones differ from those that were not read;
            () if unknown.
        group_column: str, column that grouped the held-out rows, such as "speaker"; intervals
            resample its values. "" if rows are independent.
    """

    columns: tuple[str, ...] = ()
    group_column: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns it as plain values."""
        group = {}
        if self.group_column:
            group = {"group_column": self.group_column}
        return {"columns": list(self.columns), **group}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TrainedOn:
        """Returns what `to_json` described; nothing of a bundle that does not say.

        Raises:
            BundleError: a field is of another type.
        """
        fields = Fields(value)
        columns = ()
        if "columns" in fields:
            columns = fields.texts("columns")
        return cls(tuple(columns), fields.text("group_column") if "group_column" in fields else "")
