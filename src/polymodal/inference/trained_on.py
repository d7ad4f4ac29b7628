"""What a model remembers of its training table besides what it learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polymodal.core.fields import Fields

__all__ = ["TrainedOn"]


@dataclass(frozen=True)
class TrainedOn:
    """What a model remembers of its training table.

    Args:
        columns: names of its columns, so that misspelt ones are told from those that were not
            read; () where they are not known.
        group_column: str, column whose equal values stood on one side when rows were held out,
            such as "speaker"; intervals are drawn from its values. "" where rows are independent.
    """

    columns: tuple[str, ...] = ()
    group_column: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns it as plain values."""
        group = {"group_column": self.group_column} if self.group_column else {}
        return {"columns": list(self.columns), **group}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TrainedOn:
        """Returns what `to_json` described; nothing of a bundle that does not say.

        Raises:
            BundleError: a field is of another type.
        """
        fields = Fields(value)
        columns = fields.texts("columns") if "columns" in fields else ()
        return cls(tuple(columns), fields.text("group_column") if "group_column" in fields else "")
