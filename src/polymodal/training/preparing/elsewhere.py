"""What a recipe takes from elsewhere, put in place: texts of recognisers, parts of other runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polymodal.recipe.written.given import with_target
from polymodal.tables.table import Table
from polymodal.training.preparing.hearing import with_transcripts
from polymodal.training.preparing.starts import with_parts

__all__ = ["from_elsewhere"]


def from_elsewhere(
    given: Mapping[str, Any], tables: Mapping[str, Table]
) -> tuple[dict[str, Any], dict[str, Table]]:
    """Returns what a person gave with the settings of all that it takes from other folders, and the
    tables with the transcripts of texts that are heard. Whatever reads tables by a recipe begins
    with it.

    Args:
        given: settings of a recipe.
        tables: {split: Table}, "train" among them.

    Raises:
        BundleError: a folder is damaged, or has no such part.
        RecipeError: a folder without a recogniser, a table without sound, or settings that
            contradict a part's.
    """
    asked, tables = with_transcripts(with_target(given), tables)
    return with_parts(asked), tables
