import subprocess
import sys
import types

import pytest

from polymodal.training.loop.boards import Boards

ENTRY = {"epoch": 2, "loss": 0.5, "accuracy": 0.75}


def test_tensorboard_reads_what_was_written(tmp_path):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    boards = Boards(tmp_path)
    boards.write(ENTRY)
    boards.close()
    [file] = (tmp_path / "tensorboard").iterdir()
    events = [e for e in loader.EventFileLoader(str(file)).Load() if e.summary.value]
    assert [e.step for e in events] == [2]
    assert [v.tag for v in events[0].summary.value] == ["loss", "accuracy"]


def test_mlflow_is_used_where_it_is_configured(tmp_path, monkeypatch):
    calls = []
    fake = types.ModuleType("mlflow")
    fake.__spec__ = types.SimpleNamespace(name="mlflow")
    for name in ("set_experiment", "start_run", "log_metrics", "end_run"):
        setattr(fake, name, lambda *a, _name=name, **k: calls.append((_name, a, k)))
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:///nowhere")
    boards = Boards(tmp_path / "run")
    boards.write(ENTRY)
    boards.close()
    assert ("log_metrics", ({"loss": 0.5, "accuracy": 0.75},), {"step": 2}) in calls
    assert ("start_run", (), {"run_name": "run"}) in calls
    assert calls[-1][0] == "end_run"


def test_nothing_is_opened_before_the_first_epoch(tmp_path):
    Boards(tmp_path).close()
    assert not list(tmp_path.iterdir())


def test_tensorflow_is_not_imported_for_it(tmp_path):
    pytest.importorskip("tensorboard")
    code = (
        "import sys; from pathlib import Path; "
        "from polymodal.training.loop.boards import Boards; "
        f"Boards(Path({str(tmp_path)!r})).write({ENTRY!r}); "
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
