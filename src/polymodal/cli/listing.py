"""The commands that list what there is."""

from __future__ import annotations

from polymodal.cli import output
from polymodal.cli.options import Json


def recipes():
    """List the tasks."""
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
