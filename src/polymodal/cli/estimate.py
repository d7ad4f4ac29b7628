"""The command estimate."""

from __future__ import annotations

import inspect
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from polymodal.cli import output
from polymodal.cli.train import train, with_tables
from polymodal.core.printed.progress import show

_NOT_HERE = ("dry_run", "keep_checkpoints")
Price = Annotated[
    float | None,
    typer.Option(min=0, help="Price of the machine for an hour, to print that of the run."),
]


def estimate(price_per_hour: float | None = None, **options: Any):
    """Say how long a run will take, and how much memory and disk, after a few of its steps."""
    started = time.monotonic()
    limit = options["max_minutes"]
    found = with_tables(options, lambda runs: partial(runs.dry_run, max_minutes=limit))
    from polymodal.questions.estimate.estimate import estimate_of

    answer = estimate_of(
        found, time.monotonic() - started, Path(options["out"] or "."), price_per_hour
    )
    if options["json"]:
        output.emit(answer.to_json())
    else:
        for sentence in answer.sentences():
            show(sentence)


def _as_train() -> inspect.Signature:
    """Returns the options of `train`, so that a command can be estimated as it is."""
    signature = inspect.signature(train, eval_str=True)
    price = inspect.Parameter(
        "price_per_hour", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Price
    )
    options = [
        one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, one in signature.parameters.items()
        if name not in _NOT_HERE
    ]
    return signature.replace(parameters=[*options, price])


vars(estimate)["__signature__"] = _as_train()
