"""What a folder of trainings was begun to answer, so that no other question goes on in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polymodal.core.disk.files import write_json
from polymodal.core.errors import ResumeError

__all__ = ["keep_question"]


def keep_question(path: Path, question: Mapping[str, Any], option: str) -> None:
    """Writes all that the results depend on, or compares it with what is there.

    Args:
        path: Path of the file, in a folder that is made here.
        question: JSON mapping.
        option: str, the option that chooses another folder.

    Raises:
        ResumeError: the folder answers another question; the message says what differs.
    """
    question = json.loads(json.dumps(question, default=str))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, question)
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    changed = [name for name in question if before.get(name) != question[name]]
    if changed:
        raise ResumeError(
            f"{path.parent} needs the question that it was begun with. Got another "
            f"{', '.join(changed)}. Choose another {option}, or remove the folder."
        )
