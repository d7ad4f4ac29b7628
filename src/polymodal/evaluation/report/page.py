"""Writes `report.html`, one file that opens offline, and its plots as PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.core.contracts.task import Predictions
from polymodal.core.disk.files import write_atomic, write_folder
from polymodal.evaluation.groups import count_groups, group_words, too_few_words
from polymodal.evaluation.plots.build import (
    MOST_CLASSES,
    confusion,
    learning_curves,
    performance,
    position,
    regression_charts,
    reliability_chart,
    uncalibrated_chart,
    unit_word,
    worst_confusions,
)
from polymodal.evaluation.plots.chart import Bars, Chart
from polymodal.evaluation.plots.render import Picture, render
from polymodal.evaluation.report.content import ReportContent
from polymodal.evaluation.report.media import describe_inputs
from polymodal.evaluation.report.sentences import perfect_words, split_notes, trust_words
from polymodal.evaluation.report.verdict import fusion_verdict
from polymodal.evaluation.report.word_trust import word_trust
from polymodal.evaluation.report.written import written_view
from polymodal.evaluation.scores.per_class import per_class
from polymodal.evaluation.slices import PRESENT
from polymodal.evaluation.words import MEANINGS, interval_text, readable, signed, value_text

__all__ = ["environment", "write_report"]

MOST_CHANCES = 3  # labels whose probability an example shows
_HEARD = (
    "Under the spectrogram is each word, at the time at which the model recognised it. "
    "Orange words are wrong; pale words have a low confidence."
)
_FOLDER = Path(__file__).parent


def write_report(folder: str | Path, content: ReportContent) -> Path:
    """Writes `report.html` and `plots/*.png` into a folder.

    The page holds no script and refuses every request to the network by its own content security
    policy; pictures, sounds and styles are inside it. All text of the user is escaped.

    Args:
        folder: path, usually that of the run; made when absent.
        content: ReportContent.

    Returns:
        Path of the page.

    Raises:
        DataError: no row of a split has a target.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    view = _view(content)
    pictures = {chart.key: render(chart) for chart in view["charts"]}
    view["svg"] = {key: picture.svg for key, picture in pictures.items()}
    write_folder(folder / "plots", lambda plots: _write_pictures(plots, pictures))
    write_atomic(folder / "report.html", _template().render(**view))
    return folder / "report.html"


def _write_pictures(folder: Path, pictures: Mapping[str, Picture]) -> None:
    for key, picture in pictures.items():
        write_atomic(folder / f"{key}.png", picture.png)


def environment(*folders: Path):
    """Returns what renders templates of these folders, which may use the report's style and
    cards."""
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, _FOLDER]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.globals["signed"] = signed
    return found


def _template():
    found = environment()
    found.globals.update(value_text=value_text, interval_text=interval_text, readable=readable)
    return found.get_template("report.html.j2")


def _view(content: ReportContent) -> dict[str, Any]:
    """Returns everything the template reads."""
    shown, metric, run = content.shown, content.headline, content.evaluation
    written = written_view(run.shown)
    words = word_trust(shown, content.split, content.word_calibration)
    view = {
        "content": content,
        "metric": metric,
        "task": content.task.title,
        "num_rows": run.shown.num_rows,
        "verdict": fusion_verdict(run, content.split),
        "scores": _scores(content),
        **_confusions(shown),
        **_calibration(content, words),
        "written": written,
        "classes": per_class(shown) if content.task.lists_classes else [],
        "curves": learning_curves(content.history, content.best_epoch),
        "position": position(shown),
        "numbers": regression_charts(shown, content.target) if content.task.has_numbers else [],
        "models": _models(content),
        "parts": _parts(content),
        "examples": [_example(one) for one in content.examples],
        "few": too_few_words(run.shown.predictions),
        "grouped": bool(shown.group_column),
        "drawn_units": group_words(shown.group_column, 2)[2:] if shown.group_column else "rows",
        "timed_note": _HEARD,
        "perfect": perfect_words(shown),
        "has_recipe": bool(
            content.recipe or content.versions or content.seeds or content.inputs or content.command
        ),
        "ledger": _ledger(content.ledger),
    }
    view["figures"] = _figures(content, view)
    view["charts"] = _charts(view)
    return view


def _confusions(shown: Predictions) -> dict[str, Any]:
    """Returns the confusion matrix, where it is small enough to show, and its worst pairs."""
    if shown.is_text or (matrix := confusion(shown)) is None:
        return {"matrix": None, "worst": []}
    if 1 < len(matrix.labels) <= MOST_CLASSES:
        return {"matrix": matrix, "worst": worst_confusions(matrix, 8)}
    return {"matrix": None, "worst": worst_confusions(matrix, 20)}


def _calibration(content: ReportContent, words: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns how far probabilities can be trusted: charts and sentences.

    `words` is what `word_trust` gave: for texts whose words have a confidence.
    """
    shown = content.shown
    found: dict[str, Any] = {"calibration": None, "uncalibrated": None}
    if not shown.is_text:
        found["calibration"] = reliability_chart(shown)
        found["uncalibrated"] = uncalibrated_chart(shown, content.calibration)
    if words:
        return found | {"calibration": words["chart"], "trust": words["sentences"]}
    return found | {"trust": " ".join([trust_words(shown), *content.trust_notes]).strip()}


def _example(example: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an example with all that the template needs, its most likely labels first."""
    chances = example.get("probabilities") or {}
    best = sorted(chances, key=lambda label: -chances[label])[:MOST_CHANCES]
    shown = describe_inputs(example["inputs"])
    return {
        "probability": None,
        "row": None,
        "right": None,
        **example,
        "probabilities": {label: chances[label] for label in best},
        "shown": shown,
        "timed": any(one.get("lines") for one in shown),
        "looked": any(one.get("looks") for one in shown),
        "broad": any(one.get("broad") for one in shown),
    }


def _charts(view: Mapping[str, Any]) -> list[Chart]:
    found = [
        *view["curves"],
        view["matrix"],
        view["uncalibrated"],
        view["calibration"],
        view["position"],
        *view["numbers"],
        view["models"],
        *view["parts"],
    ]
    if view["written"] is not None:
        found.append(view["written"]["by_length"])
    return [
        chart
        for chart in found
        if chart is not None and (not isinstance(chart, Bars) or chart.bars)
    ]


def _scores(content: ReportContent) -> list[dict]:
    """Returns one line per metric: name, meaning, value and interval for each split, and the value
    of the baseline on the first."""
    found = content.evaluation.splits
    names = dict.fromkeys(name for one in found.values() for name in one.metrics)
    notes, guessed = split_notes(found), {}
    if content.evaluation.blind is not None:
        guessed = content.evaluation.blind.metrics
    return [
        {
            "metric": name,
            "baseline": guessed.get(name),
            "meaning": "; ".join(filter(None, [MEANINGS.get(name), notes.get(name)])),
            "splits": [(one.metrics.get(name), one.intervals.get(name)) for one in found.values()],
        }
        for name in names
    ]


def _models(content: ReportContent) -> Bars:
    """Returns the bars of the fused model, each single input, and the baseline without inputs."""
    run = content.evaluation
    fused = "this model"
    if len(content.fused.modalities) > 1:
        fused = "all inputs together"
    elif content.linear:
        fused = "the network"
    singles = {f"{name} alone": one for name, one in run.singles.items()}
    if run.joint is None:
        own = fused
    elif content.linear:
        own = content.linear
    else:
        own = f"{content.shown.modalities[0]} alone"
    models = {own: run.shown, fused: run.fused, **singles}
    if run.blind is not None:
        models[content.task.blind_name] = run.blind
    parts = {name: {"n": len(one.predictions), **one.found} for name, one in models.items()}
    last = {name: parts.pop(name) for name in [content.task.blind_name] if name in parts}
    for others in (content.scratch, content.simple):
        parts |= others.get("models", {})
    parts |= last
    title = "Against the baseline"
    if content.singles:
        title = "All inputs against each input alone"
    return performance(
        "fusion",
        title,
        f"{readable(content.headline).capitalize()} on {content.split}. "
        + _interval_note(run.shown.predictions),
        content.headline,
        parts,
        unit_word(content.shown),
        strong=own,
    )


def _interval_note(shown: Predictions) -> str:
    """Returns what the error bars are, or why there are none."""
    few, count = too_few_words(shown), count_groups(shown)
    if few:
        return f"{few}."
    if count is None:
        drawn = ""
    else:
        drawn = f", resampled over {group_words(shown.group_column, count)}"
    return f"The thin line is the 95 % interval{drawn}."


def _parts(content: ReportContent) -> list[Bars]:
    """Returns the bars of each slicing; slicings with a single part are omitted."""
    bars = []
    for i, (name, parts) in enumerate(content.evaluation.shown.slices.items()):
        if name == PRESENT:
            title = "By inputs that were present"
        else:
            title = f"By {name}"
        key = "missing" if name == PRESENT else f"slice_{i}"
        if len(parts) > 1:
            bars.append(
                performance(key, title, "", content.headline, parts, unit_word(content.shown))
            )
    for i, (name, parts) in enumerate((content.conditions.get("slices") or {}).items()):
        bars.append(
            performance(
                f"condition_{i}",
                f"By {name}",
                "",
                content.headline,
                _known(parts, content.headline),
                unit_word(content.shown),
            )
        )
    hidden = content.conditions.get("patterns")
    if hidden:
        whole = {
            "as it is": {
                "n": len(content.evaluation.shown.predictions),
                **content.evaluation.shown.found,
            }
        }
        told = " ".join(content.conditions["sentences"])
        bars.append(
            performance(
                "hidden",
                "With inputs hidden",
                told,
                content.headline,
                {**whole, **_known(hidden, content.headline)},
                unit_word(content.shown),
                strong="as it is",
            )
        )
    return bars


def _known(parts: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """Returns the parts for which a metric is defined."""
    return {name: part for name, part in parts.items() if part["metrics"].get(metric) is not None}


def _figures(content: ReportContent, view: Mapping[str, Any]) -> list[dict]:
    """Returns the few numbers at the top of the page: label, value, note."""
    metric, bars = content.headline, view["models"].bars
    own = bars[0]
    found = [
        {
            "label": f"{readable(metric)} on {content.split}",
            "value": value_text(metric, own.value),
            "note": view["few"]
            if own.low is None
            else f"95 % interval {interval_text(metric, [own.low, own.high])}",
        }
    ]
    verdict = view["verdict"]
    if verdict.comparison is not None:
        found.append(
            {
                "label": "best single input",
                "value": value_text(metric, verdict.comparison.second),
                "note": f"{verdict.best} alone",
            }
        )
    if content.blind is not None:
        found.append(
            {
                "label": "baseline without inputs",
                "value": value_text(metric, bars[-1].value),
                "note": bars[-1].name,
            }
        )
    found.append(
        {
            "label": f"{content.split} rows",
            "value": f"{view['num_rows']:,}",
            "note": _left_out(content),
        }
    )
    return found


def _left_out(content: ReportContent) -> str:
    count = sum(content.shown.dropped.values())
    if count:
        return f"{count:,} skipped"
    return "none skipped"


def _ledger(ledger: Mapping[str, Any]) -> dict[str, Any]:
    """Returns lines {table, read, action, reason, count} and the example messages by reason."""
    read = ledger.get("read", {})
    lines = []
    for table, count in read.items():
        events = [
            {"action": action, "reason": reason.replace("_", " "), "count": number}
            for action in ("dropped", "repaired", "truncated")
            for reason, number in ledger.get(action, {}).get(table, {}).items()
        ]
        lines.append({"table": table, "read": count, "events": events})
    examples = {
        reason.replace("_", " "): notes
        for reason, notes in ledger.get("examples", {}).items()
        if notes
    }
    return {"lines": lines, "examples": examples, "unit": ledger.get("unit", "rows")}
