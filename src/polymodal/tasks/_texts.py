"""What tasks share whose answers are texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.contracts.target import Answer
from polymodal.core.contracts.task import Predictions, Task
from polymodal.core.printed.counting import counted

__all__ = ["TextTask"]

_LONGEST = 120  # characters of a text that are shown


class TextTask(Task):
    """Answers that are texts."""

    is_text = True
    is_written = True
    blind_name = "always the majority text of train"

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        texts = {str(text) for text in rest.outputs}
        wanted = [] if rest.targets is None else rest.targets
        if len(texts) != 1 or len({tuple(right) for right in wanted}) < 2:
            return ""
        text, rows = texts.pop(), counted(len(rest), "row")
        if not text:
            return f"The model generates no text for all {rows}."
        if len(text) <= _LONGEST:
            shown = text
        else:
            shown = text[: _LONGEST - 1] + "…"
        return f'The model generates the same text for all {rows}: "{shown}".'

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the most frequent text of train for every row."""
        most_frequent = Counter(train_targets).most_common(1)[0][0]
        return np.full(len(predictions), most_frequent, object)

    def shown(self, found: Predictions, place: int) -> Mapping[str, Any]:
        """Returns the right texts and what was written."""
        references = [] if found.targets is None else found.targets[place]
        return {"target": " / ".join(references), "predicted": str(found.outputs[place])}

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the text."""
        return Answer(str(found.outputs[places[0]]))
