"""Writes `MODEL_CARD.md`: use, results and limits of the model."""

from __future__ import annotations

import re
from pathlib import Path

from polymodal.core.contracts.task import Predictions
from polymodal.core.disk.files import write_atomic
from polymodal.core.printed.counting import counted
from polymodal.core.printed.visible import visible
from polymodal.evaluation.evaluation import Evaluation
from polymodal.evaluation.groups import count_groups, group_words, too_few_words
from polymodal.evaluation.report.content import ReportContent
from polymodal.evaluation.report.sentences import split_notes
from polymodal.evaluation.report.verdict import fusion_verdict
from polymodal.evaluation.scores.per_class import per_class
from polymodal.evaluation.slices import PRESENT
from polymodal.evaluation.words import interval_text, listed, readable, value_text

__all__ = ["model_card", "write_model_card"]

_MARKS = re.compile(r"[\\`*_\[\]<>|#&~$]")
FEW = 20  # slices with fewer rows are too small to report as weak


def write_model_card(folder: str | Path, content: ReportContent) -> Path:
    """Writes `MODEL_CARD.md` into a folder and returns its path."""
    path = Path(folder) / "MODEL_CARD.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, model_card(content))
    return path


def model_card(content: ReportContent) -> str:
    """Returns the model card as Markdown: use, data, results, weaknesses, limits."""
    parts = [
        f"# {_plain(content.title)}",
        _plain(" ".join(content.summary)),
        _inputs(content),
        _results(content),
        _weak(content),
        _limits(content),
        _again(content),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _plain(text: str) -> str:
    """Keeps text of the user from becoming markup, and from commanding a terminal."""
    return _MARKS.sub(r"\\\g<0>", visible(" ".join(str(text).split())))


def _inputs(content: ReportContent) -> str:
    if not content.inputs:
        return ""
    lines = [f"- **{_plain(name)}**: {_plain(text)}" for name, text in content.inputs.items()]
    labels = [_plain(label) for label in content.shown.labels]
    answer = f"**{_plain(content.target)}**"
    if labels:
        if len(labels) <= 12:
            few = labels
        else:
            few = [*labels[:12], f"{len(labels) - 12} more"]
        answer += f", {content.task.choice} {listed(few)}"
    unused = [
        f"- {_plain(column)}: {_plain(reason)}" for column, reason in content.left_out.items()
    ]
    more = []
    if unused:
        more = ["", "Columns that it does not use:", "", *unused]
    return "\n".join(["## Inputs and output", "", *lines, "", f"It predicts {answer}.", *more])


def _results(content: ReportContent) -> str:
    splits = content.evaluation.splits
    lines = [
        "## Results",
        "",
        "| metric | " + " | ".join(_split_heading(*one) for one in splits.items()) + " |",
        "|---|" + "---|" * len(splits),
    ]
    for name in content.evaluation.shown.metrics:
        cells = [
            _cell(name, one.metrics.get(name), one.intervals.get(name)) for one in splits.values()
        ]
        lines.append(f"| {readable(name)} | " + " | ".join(cells) + " |")
    counts = listed(
        [
            f"{one.num_rows:,} rows of {_plain(split)}{_of_groups(one.predictions)}"
            for split, one in splits.items()
        ]
    )
    verdict = fusion_verdict(content.evaluation, content.split)
    for name, note in split_notes(splits).items():
        lines += ["", f"{readable(name)}: {_plain(note)}."]
    return "\n".join(
        [
            *lines,
            "",
            f"Measured on {counts}. **{_plain(verdict.heading)}.** {_plain(verdict.sentence)}",
        ]
    )


def _split_heading(split: str, found: Evaluation) -> str:
    few = too_few_words(found.predictions)
    return f"{_plain(split)} ({_plain(few) or '95 % interval'})"


def _of_groups(rest: Predictions) -> str:
    count = count_groups(rest)
    if count is None:
        return ""
    return f" ({_plain(group_words(rest.group_column, count))})"


def _cell(metric: str, value: float | None, interval: list[float] | None) -> str:
    text = value_text(metric, value)
    if interval is None:
        return text
    return f"{text} ({interval_text(metric, interval)})"


def _weak(content: ReportContent) -> str:
    """Names the worst class and the worst slice of each column, if clearly below the whole."""
    metric, lines = content.headline, []
    shown = content.evaluation.shown
    sign = -1
    if content.task.higher_is_better(metric):
        sign = 1
    whole = shown.metrics[metric]
    for name, parts in shown.slices.items():
        bad = [
            (sign * part["metrics"][metric], value, part)
            for value, part in parts.items()
            if part["n"] >= FEW
            and part["intervals"].get(metric)
            and _below(part["intervals"][metric], whole, sign)
        ]
        for _, value, part in sorted(bad, key=lambda entry: entry[0])[:3]:
            if name == PRESENT:
                where = f"with {_plain(value)}"
            else:
                where = f"where {_plain(name)} is {_plain(value)}"
            lines.append(
                f"- {readable(metric)} {_cell(metric, part['metrics'][metric], None)} "
                f"{where} ({part['n']:,} rows), against {value_text(metric, whole)} "
                "overall"
            )
    classes = sorted(per_class(content.shown), key=lambda row: row["f1"])[:3]
    lines += [
        f"- class {_plain(row['label'])}: recall {100 * row['recall']:.0f} % (of "
        f"{counted(row['support'], 'row')}), precision {100 * row['precision']:.0f} %"
        for row in classes
        if row["support"] and row["f1"] < 0.9
    ]
    return "\n".join(["## Where it is worse", "", *lines]) if lines else ""


def _below(interval: list[float], whole: float, sign: int) -> bool:
    if sign > 0:
        return interval[1] < whole
    return interval[0] > whole


def _limits(content: ReportContent) -> str:
    lines = [
        "## Limits",
        "",
        "- It was tested on data from the same source as the training data. On other data it "
        "can do much worse: test it on your own rows first.",
    ]
    if content.split != "test":
        lines.append(
            f"- The scores come from {_plain(content.split)}, which also chose the "
            "weights, so they are optimistic."
        )
    count = content.evaluation.shown.num_rows
    if count < 200:
        lines.append(f"- It was tested on {counted(count, 'row')} only.")
    lines += [f"- {sentence}" for sentence in content.task.limits]
    lines.append(
        "- It reproduces the biases of its training data. Do not let it decide about "
        "people on its own."
    )
    return "\n".join(lines)


def _again(content: ReportContent) -> str:
    if not content.command:
        return ""
    lines = [f"    {visible(line)}" for line in content.command.strip().splitlines()]
    return "\n".join(["## Train it again", "", *lines])
