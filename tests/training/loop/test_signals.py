import os
import signal
import threading

import pytest

from polymodal.training.loop.signals import listening


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_sets_a_flag_and_no_more(name):
    with listening() as request:
        assert not request
        os.kill(os.getpid(), getattr(signal, name))
        assert request
        assert request.signal == name


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with listening():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_second_ctrl_c_stops_at_once():
    with listening() as request:
        os.kill(os.getpid(), signal.SIGINT)
        assert request
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_other_threads_train_without_handlers():
    found = []

    def work():
        with listening() as request:
            found.append(bool(request))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
