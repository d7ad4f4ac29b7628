"""What reaches a terminal or a log while a command starts, seen from outside its process."""

import os
import pty
import subprocess
import sys

import pytest

from command_line import in_process


def environment():
    """Returns the environment of somebody who has never heard of TensorFlow's settings."""
    return {
        k: v for k, v in os.environ.items() if k not in ("TF_CPP_MIN_LOG_LEVEL", "POLYMODAL_DEBUG")
    }


def on_a_terminal(command):
    """Runs a command whose stderr is a terminal and returns what it printed there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait() == 0
    return seen.decode()


def through_a_pipe(command):
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return done.stderr


@pytest.mark.parametrize("run", [on_a_terminal, through_a_pipe])
def test_lines_of_the_engine_never_reach_stderr(run):
    said = run([sys.executable, "-m", "polymodal", "info"])
    assert (
        said.replace("Loading tensorflow ...", "")
        .replace("Loading jax ...", "")
        .replace("Loading torch ...", "")
        .strip()
        == ""
    )


def test_what_an_engine_said_is_shown_where_it_cannot_be_imported(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os\nos.write(2, b'libcuda is missing')\nraise ImportError('no such library')\n"
    )
    code = "from polymodal.core.engine import start; start('tensorflow')"
    given = {k: v for k, v in environment().items() if k != "KERAS_BACKEND"}
    paths = [str(tmp_path), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=given | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
    assert "libcuda is missing" in done.stderr
    assert "no such library" in done.stderr


def test_the_version_is_printed():
    done = in_process("--version")
    assert done.stdout[0].isdigit()
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("command", ["models", "encoders", "fusions", "recipes"])
def test_lists_load_no_engine(command):
    code = (
        f"import sys; sys.argv = ['polymodal', {command!r}]\n"
        "from polymodal.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stderr == ""
