"""The commands that list what there is."""

from __future__ import annotations

from polymodal.cli import output
from polymodal.cli.options import Json
from polymodal.core.printed.progress import show


def recipes():
    """List the settings of a recipe, the objectives, and the tasks."""
    from polymodal.recipe.recipe import OBJECTIVES, Recipe
    from polymodal.training.imbalance.settings import Imbalance
    from polymodal.training.steps.settings import Training

    show("Settings of a recipe; train infers those that are not given:")
    output.settings(Recipe)
    output.settings(Training, "training.")
    output.settings(Imbalance, "training.imbalance.")
    show("Names of objectives, off unless a recipe has them:")
    output.names(OBJECTIVES, "objectives.")
    show("Values of task:")
    output.names("tasks")


def encoders():
    """List the encoders."""
    output.names("encoders")


def fusions():
    """List the fusion methods."""
    output.names("fusion")


def info(json: Json = False):
    """Show the engine, devices and versions that would be used, and why."""
    output.info(json)
