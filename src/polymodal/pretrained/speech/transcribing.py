"""Transcripts of recordings of any length by an imported recogniser, in its own way of decoding."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from keras import ops

from polymodal.core.errors import cell_error
from polymodal.media.cells import name_of
from polymodal.model.generation.choice import Choice
from polymodal.pretrained.speech.aligning import boundaries, words_of
from polymodal.pretrained.speech.listening import Heard
from polymodal.pretrained.speech.model import SpeechModel
from polymodal.pretrained.speech.recordings import Recording, opened
from polymodal.pretrained.speech.segments import Piece, cut
from polymodal.speech.recognition.feeding import clock
from polymodal.speech.recognition.transcript import Transcript
from polymodal.speech.segmenting.stream import stream_audio
from polymodal.speech.transcripts.transcript import Segment, Word

__all__ = ["Options", "transcripts"]

_TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
_BEST_OF = 5  # samples, of which the most likely is taken
_MOST_REPETITIVE = 2.4  # bytes of a text for each of its bytes compressed
_LEAST_LIKELY = -1.0  # mean log probability of a token
_SILENCE = 0.6  # probability of no speech


@dataclass(frozen=True)
class Options:
    """How recordings are transcribed.

    Args:
        language: str, a code such as "en"; None to detect it in the first window.
        translate: bool, whether to translate into English.
        beam: int, beam width; 1 = greedy decoding.
        timed: bool, whether segments have times of their own; a recording longer than a window
            always has them.
        words: bool, whether each word has times, from where the decoder looks in the sound.
        seed: int, of sampling, where a window is decoded again.
        batch_size: int, recordings that are decoded together.
    """

    language: str | None = None
    translate: bool = False
    beam: int = 1
    timed: bool = True
    words: bool = False
    seed: int = 0
    batch_size: int = 8


@dataclass
class _Job:
    """A recording in progress: the next window starts at the frame `first`."""

    number: int
    name: str
    recording: Recording
    first: int = 0
    language: str | None = None
    segments: list[Segment] = field(default_factory=list)


def transcripts(
    model: SpeechModel, files: Sequence[Any], options: Options | None = None, root: Any = None
) -> Iterator[Transcript]:
    """Yields the transcript of each recording, in order; of one that cannot be read, its `error`.

    Windows of several recordings are decoded together. Each recording goes on at the last time
    that was written. A window whose text repeats itself or is unlikely is decoded again by
    sampling; one without speech is passed over.

    Args:
        model: SpeechModel.
        files: media cells: sound or video files of any length.
        options: Options. Of each recording in a batch, no more than a window is held.
        root: folder that relative paths start from.

    Source: Radford et al., "Robust speech recognition via large-scale weak supervision", 2023,
    section 3.8.
    """
    options = options or Options()
    options = replace(options, batch_size=max(1, min(options.batch_size, len(files))))
    done: dict[int, Transcript] = {}
    waiting, active, next_ = list(enumerate(files)), [], 0
    with clock(files, root) as passed:
        while waiting or active:
            while waiting and len(active) < options.batch_size:
                number, file = waiting.pop(0)
                try:
                    active.append(_opened(model, number, file, root, options))
                except Exception as error:  # decoders raise of every kind
                    done[number] = _failed(file, error)
            _advance(model, active, options, passed)
            for job in [job for job in active if job.first >= job.recording.num_frames]:
                active.remove(job)
                done[job.number] = _whole(job, options)
            while next_ in done:
                yield done.pop(next_)
                next_ += 1


def _opened(model: SpeechModel, number: int, file: Any, root: Any, options: Options) -> _Job:
    modality: Any = model.part.modality
    found = opened(lambda: stream_audio(file, modality.sample_rate, root=root), modality)
    return _Job(number, name_of(file), found, language=options.language)


def _failed(file: Any, error: Exception) -> Transcript:
    found = cell_error(error, path=name_of(file))
    return Transcript(name_of(file), error=str(found.by_file()))


def _advance(model: SpeechModel, jobs: Sequence[_Job], options: Options, passed: Any) -> None:
    """Decodes the next window of each recording."""
    if not jobs:
        return
    frames = [job.recording.at(job.first) for job in jobs]
    memory = model.listener.memory(np.stack(_filled(frames, options)))
    _detect(model, jobs, memory)
    for prompt, places in _by_prompt(model, jobs, options).items():
        heard = _decoded(model, memory, places, prompt, options)
        for place, one in zip(places, heard, strict=True):
            job, before = jobs[place], jobs[place].first
            row = memory[place : place + 1] if options.words else None
            _enter(model, job, one, prompt, row)
            passed((min(job.first, job.recording.num_frames) - before) * _hop_seconds(model))


def _detect(model: SpeechModel, jobs: Sequence[_Job], memory: Any) -> None:
    if model.tokens.languages and any(job.language is None for job in jobs):
        found = model.listener.language(memory)
        for job, language in zip(jobs, found, strict=False):
            job.language = job.language or language


def _by_prompt(
    model: SpeechModel, jobs: Sequence[_Job], options: Options
) -> dict[tuple[int, ...], list[int]]:
    """Returns {prompt: places of the jobs that have it}."""
    found: dict[tuple[int, ...], list[int]] = {}
    for place, job in enumerate(jobs):
        timed = options.timed or job.recording.num_frames > job.recording.longest
        prompt = tuple(model.tokens.prompt(job.language, timed, options.translate))
        found.setdefault(prompt, []).append(place)
    return found


def _decoded(
    model: SpeechModel, memory: Any, places: Sequence[int], prompt: Sequence[int], options: Options
) -> list[Heard]:
    """Returns what is written for windows of a batch, again by sampling where it is no good."""
    found = dict(
        zip(
            places,
            _written(model, memory, places, prompt, Choice(beam=options.beam), options),
            strict=True,
        )
    )
    for temperature in _TEMPERATURES:
        again = [place for place, heard in found.items() if _is_bad(model, heard)]
        if not again:
            break
        choice = Choice(temperature=temperature, num=_BEST_OF)
        sampled = _written(model, memory, again, prompt, choice, options)
        found.update(zip(again, sampled, strict=True))
    return [found[place] for place in places]


def _filled(rows: list[Any], options: Options) -> list[Any]:
    """Returns the rows of a batch, one or as many as all are: two shapes are compiled."""
    if len(rows) == 1:
        return rows
    return [*rows, *rows[:1] * (options.batch_size - len(rows))]


def _written(
    model: SpeechModel,
    memory: Any,
    places: Sequence[int],
    prompt: Sequence[int],
    choice: Choice,
    options: Options,
) -> list[Heard]:
    rows = _filled(list(places), options)
    if rows != list(range(len(memory))):
        memory = ops.take(memory, np.array(rows, np.int32), axis=0)
    return model.listener.write(memory, prompt, choice, options.seed)[: len(places)]


def _is_bad(model: SpeechModel, heard: Heard) -> bool:
    unlikely = heard.mean_log_probability < _LEAST_LIKELY
    if unlikely and heard.silence > _SILENCE:
        return False  # nobody speaks
    text = model.tokens.text(heard.ids).encode()
    return unlikely or len(text) > _MOST_REPETITIVE * len(zlib.compress(text))


def _enter(model: SpeechModel, job: _Job, heard: Heard, prompt: Sequence[int], memory: Any) -> None:
    """Adds the segments of a window to its recording, and moves on to the next window.

    Args:
        memory: of the window, where words get times; else None.
    """
    recording, stride = job.recording, model.part.encoder.time_stride
    count = min(recording.longest, recording.num_frames - job.first)
    if heard.silence > _SILENCE and heard.mean_log_probability < _LEAST_LIKELY:
        job.first += count
        return
    pieces, further = cut(heard.ids, model.tokens, count / stride)
    words = [()] * len(pieces)
    if memory is not None:
        words = _words(model, job, heard, pieces, memory, count // stride)
    begin, each = job.first * _hop_seconds(model), stride * _hop_seconds(model)
    for piece, own in zip(pieces, words, strict=True):
        text = model.tokens.text(piece.ids).strip()
        start, end = (min(begin + at * each, recording.seconds) for at in (piece.start, piece.end))
        if text and start < end:
            job.segments.append(Segment(text, start, end, own))
    if prompt[-1] == model.tokens.timeless_id:
        further = count / stride
    job.first += max(1, round(further * stride))


def _words(
    model: SpeechModel,
    job: _Job,
    heard: Heard,
    pieces: Sequence[Piece],
    memory: Any,
    num_positions: int,
) -> list[tuple[Word, ...]]:
    """Returns the words of each segment of a window."""
    ids = [one for piece in pieces for one in piece.ids]
    if not ids or not num_positions:
        return [()] * len(pieces)
    prompt = model.tokens.prompt(job.language, timed=False)
    looks = model.listener.attention(memory, [*prompt, *ids, model.tokens.end_id])
    begins = boundaries(looks[..., :num_positions], len(prompt))
    sure = [
        sure
        for one, sure in zip(heard.ids, heard.log_probabilities, strict=True)
        if one < model.tokens.end_id
    ]
    found, first, hop = [], 0, _hop_seconds(model)
    for piece in pieces:
        last = first + len(piece.ids)
        found.append(
            tuple(
                words_of(
                    piece.ids,
                    begins[first : last + 1],
                    sure[first:last],
                    model.tokens,
                    hop * model.part.encoder.time_stride,
                    job.first * hop,
                )
            )
        )
        first = last
    return found


def _hop_seconds(model: SpeechModel) -> float:
    modality: Any = model.part.modality
    return modality.step_seconds


def _whole(job: _Job, options: Options) -> Transcript:
    choice = {"beam": options.beam, "language": job.language}
    words = tuple(word for segment in job.segments for word in segment.words)
    return Transcript(job.name, job.recording.seconds, words, tuple(job.segments), choice=choice)
