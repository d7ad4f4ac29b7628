"""Captioning: a text about images, video or any other inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from polymodal.core.predictions import Predictions
from polymodal.core.target import Scores
from polymodal.preprocess.targets.caption import CaptionTarget
from polymodal.profile.target_form import TEXTS
from polymodal.tasks._texts import TextTask

__all__ = ["Caption"]


class Caption(TextTask):
    """Generates a text about the inputs, word by word."""

    name = "caption"
    title = "caption"
    headline = "cider_d"
    shows_attention = True
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

    def scores(self, rest: Predictions) -> Scores:
        """Returns CIDEr-D, BLEU and ROUGE-L."""
        from polymodal.evaluation.scores.captions import CaptionScores  # sacrebleu takes a while

        return CaptionScores(rest)

    def notes(self, rest: Predictions) -> dict[str, str]:
        """Returns where the document frequencies of CIDEr-D come from."""
        if len(rest.outputs) == 1:
            return {"cider_d": "needs two rows or more for document frequencies"}
        return {"cider_d": f"document frequencies of these {len(rest.outputs):,} rows' references"}

    def describes(self, target: str, labels: Sequence[str]) -> str:
        """Returns what a model does, in words."""
        return f"generates {target}, a text, for each row"
