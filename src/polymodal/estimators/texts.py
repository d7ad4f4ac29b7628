"""Estimators that write: captions, answers, transcripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from polymodal.estimators.estimator import Estimator
from polymodal.tables.table import read


class Captioner(Estimator):
    """Generates a text about images, video or any other inputs of a row."""

    task = "caption"

    def generate(self, rows: Any, **choice: Any) -> list[dict[str, Any]]:
        """Returns the generated texts for each row, in order.

        Args:
            rows: Table, path, or rows in memory; the target is not needed.
            choice: decoding options: beam, num, temperature, top_k, top_p,
                repetition_penalty, length_penalty, allowed, seed; jit=True compiles the loop with
                XLA on TensorFlow too, which takes seconds once and makes large decoders faster.

        Returns:
            list of {"results": [{"text", "score", "tokens"}], "error": str or None}.

        Raises:
            RecipeError: a choice out of range.
        """
        from polymodal.inference.given_rows import checked_rows
        from polymodal.inference.writing import generate

        predictor = self._fitted(self._predictor)
        if isinstance(rows, list | tuple) and not rows:
            return []
        return generate(predictor, read(checked_rows(predictor, rows)), **choice)


class Assistant(Estimator):
    """Answers in conversations about images and sounds.

    Args:
        base: folder of an assistant to start from, as `polymodal assemble` wrote it; its encoders
            and decoder stay frozen unless `task` has lora.
        ignore, recipe: as for every estimator.
    """

    task = "chat"

    def __init__(
        self, *, base: str | Path | None = None, ignore: Sequence[str] = (), **recipe: Any
    ):
        super().__init__("", ignore=ignore, **recipe)
        if base is not None:
            from polymodal.training.assembled import with_base

            self._given = with_base(self._given, base)

    def chat(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> str:
        """Returns the answer to a conversation.

        Args:
            messages: list of {"role": "system", "user" or "assistant", "content"}, as OpenAI
                writes them; content is a text, or a list of parts such as {"type": "text", "text"}
                and {"type": "image", "image": path}.
            options: max_tokens, stop, seed, temperature, top_k, top_p, repetition_penalty,
                media_root.

        Raises:
            DataError: something that is no message, or media that cannot be read.
            RecipeError: a setting out of range, or media that the model does not take.
        """
        return self._answering.answer(messages, **options)

    def stream(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> Iterator[str]:
        """Yields the answer to a conversation, piece by piece; arguments are those of `chat`."""
        return self._answering.stream(messages, **options)

    @property
    def _answering(self) -> Any:
        from polymodal.inference.answering import Answering

        predictor = self._fitted(self._predictor)
        if self._spoken is None or self._spoken.predictor is not predictor:
            self._spoken = Answering(predictor)
        return self._spoken

    _spoken: Any = None


class Transcriber(Estimator):
    """Transcribes recordings."""

    task = "transcribe"

    def transcribe(
        self, files: Sequence[str | Path] | str | Path, **choice: Any
    ) -> list[dict[str, Any]]:
        """Returns a transcript with times for each file, of any length.

        Args:
            files: sound or video files, or one.
            choice: beam, language_model (an ARPA file), hot_words, language_weight, word_bonus,
                batch_size; of an imported recogniser beam, language, translate, words, batch_size.

        Returns:
            list of {"file", "text", "seconds", "words", "segments", "beam", "language_model",
            "hot_words", "calibrated", "error": str or None}.

        Raises:
            RecipeError: a choice unknown or out of range, or a run with other inputs than sound.
        """
        from polymodal.inference.loading import transcripts

        return [
            one.as_json() for one in transcripts(self._fitted(self._predictor), files, **choice)
        ]

    def stream(
        self, blocks: Iterable[Any], sample_rate: int | None = None, **settings: Any
    ) -> Iterator[Any]:
        """Yields transcripts of sound that comes in block by block, as from a microphone.

        A result has `text`, `words` with their times, and `is_final`. A partial one covers the
        unfinished chunk, and a better one follows. The final ones together are the transcript.

        Args:
            blocks: iterable of float of -1 to 1 or int16, (samples,) or (samples, channels).
            sample_rate: int, hertz of the blocks; None for that of the model.
            settings: update_seconds=0.5, new sound after which a chunk is decoded again;
                pause_seconds=0.6, silence that makes a result final; beam, language_model,
                hot_words.

        Raises:
            RecipeError: a choice out of range, or a run with other inputs than sound.
            DataError: a block is not sound.
        """
        from polymodal.speech.recognition.live import stream

        return stream(self._fitted(self._predictor), blocks, sample_rate, **settings)

    def align(self, file: str | Path, text: str) -> dict[str, Any]:
        """Aligns a known text with a file: returns the times of its words, as `transcribe` does.

        Raises:
            DataError: the file cannot be read, or the text is too long for it.
        """
        from polymodal.speech.recognition.known_text import align_text

        return align_text(self._fitted(self._predictor), file, text).as_json()
