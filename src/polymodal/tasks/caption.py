"""Captioning: a text about images, video or any other inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from polymodal.core.predictions import Predictions
from polymodal.core.target import Answer, Scores
from polymodal.core.task import Task
from polymodal.evaluation.baseline import blind_baseline
from polymodal.evaluation.bootstrap import weighted_scores
from polymodal.evaluation.row_errors import errors_of
from polymodal.evaluation.same_answer import same_answer
from polymodal.evaluation.text_scores import metric_notes
from polymodal.preprocess.targets.caption import CaptionTarget
from polymodal.profile.target_form import TEXTS

__all__ = ["Caption"]


class Caption(Task):
    """Generates a text about the inputs, word by word."""

    name = "caption"
    title = "caption"
    headline = "cider_d"
    lower_is_better = frozenset()
    is_text = True
    is_written = True
    reads_media = True
    command = "caption {run} photo.png"
    target = CaptionTarget
    fusion = ("attention", "The decoder attends to the tokens of all inputs in one sequence.")
    rows_seen = 160_000  # word meanings are learned late
    largest_batch = 32  # each row has several texts

    @property
    def head(self):
        """The class of the head; loads an engine."""
        from polymodal.model.heads.captions import CaptionHead

        return CaptionHead

    def objectives(self, modalities: Collection[str]) -> dict[str, dict[str, Any]]:
        """Spots words, and grounds the decoder if there is a single image to look at."""
        found: dict[str, dict[str, Any]] = {"word_spotting": {"weight": 0.2}}
        if list(modalities).count("image") == 1:
            found["grounding"] = {"weight": 1.0}
        return found

    def fits_inputs(self, form: str, modalities: Collection[str], several: bool) -> str:
        """Returns why a free text about these inputs is one of these answers, or ""."""
        heard = "audio" in modalities and not several  # then it is the transcript
        if form != TEXTS or heard or not {"image", "video", "audio"} & set(modalities):
            return ""
        return "The target is free text about images, video or audio."

    def input_settings(self, config: Mapping[str, Any], alone: bool) -> dict[str, Any]:
        """Mirrors no image: "the left one" would become false."""
        return {"flip": False} if config["modality"] == "image" else {}

    def batch_tokens(self, batch_size: int, steps: float) -> int | None:
        """Returns 0: batches have a fixed number of rows."""
        return 0

    def scores(self, rest: Predictions, only: str | None = None) -> Scores:
        """Returns CIDEr-D, BLEU and ROUGE-L."""
        return weighted_scores(rest, only)

    def row_errors(self, rest: Predictions) -> np.ndarray | None:
        """Returns None: a single caption has no error."""
        return errors_of(rest)

    def same_answer(self, rest: Predictions) -> str:
        """Returns a sentence if all rows get one answer but not all targets are equal, else ""."""
        return same_answer(rest)

    def baseline(self, predictions: Predictions, train_targets: Any) -> np.ndarray:
        """Returns the most frequent text of train for every row."""
        return blind_baseline(predictions, train_targets).outputs

    def notes(self, rest: Predictions) -> dict[str, str]:
        """Returns where the document frequencies of a metric come from."""
        return metric_notes(rest)

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"generates {target}, a text, for each row"

    def answer(self, found: Predictions, places: Sequence[int], target: Any) -> Answer:
        """Returns the text."""
        return Answer(str(found.outputs[places[0]]))
