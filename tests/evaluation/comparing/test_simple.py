"""Whether a network is better than a simple model, in numbers and words."""

from __future__ import annotations

import numpy as np

from polymodal.evaluation.comparing.simple import simple_json
from polymodal.evaluation.evaluation import evaluate
from stated_answers import predictions


def answers(share, seed, count=200):
    rng = np.random.default_rng(seed)
    targets = np.random.default_rng(0).integers(3, size=count)
    said = np.where(rng.random(count) < share, targets, (targets + 1) % 3)
    return predictions(np.eye(3)[said] * 0.8 + 0.1, targets)


def told(network, simple):
    return simple_json(evaluate(answers(network, 1)), {"trees": answers(simple, 2)}, "test")


def test_a_network_that_is_worth_it_is_said_to_be():
    found = told(0.95, 0.6)
    assert not found["as_good"]
    assert found["heading"] == "The network is better than a simple model"
    assert "with trees, which trains in seconds" in found["sentence"]
    assert found["models"]["trees"]["difference"]["difference"] > 0.2


def test_a_simple_model_that_is_as_good_or_better_comes_first():
    assert told(0.9, 0.9)["heading"] == "A simple model is as good as the network"
    assert "do not tell" in told(0.9, 0.87)["heading"]
    assert told(0.6, 0.95)["heading"] == "A simple model is better than the network"


def test_nothing_is_said_without_simple_models():
    assert simple_json(evaluate(answers(0.9, 1)), {}, "test") == {}
