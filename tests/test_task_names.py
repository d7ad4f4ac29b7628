"""A task is known by name in its own file alone: other code asks the task object."""

from __future__ import annotations

import ast
from pathlib import Path

from polymodal.core.lookup import names

ROOT = Path(__file__).resolve().parents[1] / "src" / "polymodal"
# Where the same word means something else, or a name is an alias.
ALLOWED = {
    "scenes",  # the demo's own tasks and columns
    "cli/demo_run.py",  # which of them the demo trains
    "api.py",
    "estimators/texts.py",  # the public class of each task
    "recipe/recipe.py",  # the default of a recipe that names none
    "tables/formats/coco.py",
    "tables/formats/flickr.py",
    "tables/formats/webdataset.py",  # keys
    "tables/formats/meld.py",  # a column
    "speech/recognition",  # the command and the function that transcribe
}


def places():
    """Yields (path, line, what) of each name of a task outside `tasks/`."""
    known = set(names("tasks"))
    for path in sorted(ROOT.rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        if where.startswith("tasks/") or any(
            where == one or where.startswith(f"{one}/") for one in ALLOWED
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and (node.value in known)
            ):
                yield where, node.lineno, f'"{node.value}"'
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                "polymodal.tasks"
            ):
                yield where, node.lineno, f"imports {node.module}"


def test_no_file_outside_tasks_names_a_task():
    found = [f"{where}:{line} {what}" for where, line, what in places()]
    assert not found, "Ask the task object instead:\n" + "\n".join(found)
