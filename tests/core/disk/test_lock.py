"""A run's folder belongs to one living process, and to nobody once that is gone."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from polymodal.core.disk import lock
from polymodal.core.disk.lock import FILE, locked
from polymodal.core.errors import LockedError

HOLD = """
import sys
from polymodal.core.disk.lock import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds `run` until its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def write_lock(folder, **changes):
    folder.mkdir(exist_ok=True)
    holder = {"pid": 1, "host": socket.gethostname(), "since": "2024-05-01 14:03:12"} | changes
    (folder / FILE).write_text(json.dumps(holder))


def test_a_second_process_is_told_who_holds_the_folder(tmp_path, holder):
    with pytest.raises(LockedError) as caught, locked(tmp_path / "run"):
        pass
    message = str(caught.value)
    assert f"process {holder.pid} on {socket.gethostname()} has used it since 20" in message
    assert re.search(rf"stop it \(kill {holder.pid}\), or choose another --out\.$", message)


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path, holder, capsys):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(tmp_path / "run"):
        assert json.loads((tmp_path / "run" / FILE).read_text())["pid"] == os.getpid()
    assert f"Process {holder.pid} used" in capsys.readouterr().err


def test_one_that_ends_by_itself_leaves_nothing(tmp_path, holder, capsys):
    holder.communicate()
    assert not (tmp_path / "run").exists()
    with locked(tmp_path / "run"):
        (tmp_path / "run" / "weights").write_text("")
    assert os.listdir(tmp_path / "run") == ["weights"]
    assert not capsys.readouterr().err


def test_folders_that_were_made_and_stayed_empty_are_removed(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path / "runs" / "a"):
        raise KeyError
    assert not (tmp_path / "runs").exists()


def test_the_holder_may_enter_again_and_another_thread_may_not(tmp_path):
    found = []

    def other():
        try:
            with locked(tmp_path):
                found.append("entered")
        except LockedError as error:
            found.append(str(error))

    with locked(tmp_path):
        with locked(tmp_path / ".." / tmp_path.name):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "another thread of this process has used it since" in found[0]
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert found[1] == "entered"


def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    read, write = os.pipe()
    with locked(tmp_path):
        child = os.fork()
        if not child:
            os.read(read, 1)  # lives on while the parent gives the folder back
            os._exit(0)
    with locked(tmp_path):
        pass
    os.write(write, b"x")
    os.waitpid(child, 0)


class TestWithoutLocks:
    """On file systems that have none, the file's process decides."""

    @pytest.fixture(autouse=True)
    def _refuse(self, monkeypatch):
        def flock(*_):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", flock)

    def test_a_living_process_holds_it(self, tmp_path):
        write_lock(tmp_path, pid=os.getppid())
        with pytest.raises(LockedError, match=f"process {os.getppid()} on "), locked(tmp_path):
            pass

    def test_a_dead_one_does_not(self, tmp_path):
        write_lock(tmp_path, pid=dead_pid())
        with locked(tmp_path):
            assert lock._read(tmp_path / FILE).pid == os.getpid()
        assert not (tmp_path / FILE).exists()

    def test_a_number_that_is_this_process_now_is_no_holder(self, tmp_path):
        write_lock(tmp_path, pid=os.getpid())
        with locked(tmp_path):
            pass

    def test_of_another_machine_it_cannot_be_told(self, tmp_path):
        write_lock(tmp_path, host="elsewhere")
        with (
            pytest.raises(
                LockedError,
                match=r"on elsewhere has used it since 2024-05-01 "
                r"14:03:12.*If it is gone, remove .*\.lock\.",
            ),
            locked(tmp_path),
        ):
            pass


def test_a_file_that_names_nobody_is_no_obstacle(tmp_path, capsys):
    (tmp_path / FILE).write_text("")
    with locked(tmp_path):
        pass
    assert not capsys.readouterr().err
