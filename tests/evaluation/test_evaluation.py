import json

import numpy as np

from polymodal.evaluation.evaluation import evaluate


def test_result_is_one_plain_json_object_with_the_agreed_keys(make):
    one = make.classes()
    one.num_rows, one.dropped = np.int64(305), {"empty_target": np.int64(5)}
    found = json.loads(json.dumps(evaluate(one, {"half": ["a", "b"] * 150}).to_json()))
    assert list(found) == ["task", "rows", "metrics", "intervals", "slices"]
    assert found["rows"] == {"read": 305, "used": 300, "dropped": {"empty_target": 5}}
    assert set(found["slices"]) == {"inputs present", "half"}
    assert found["slices"]["half"]["a"]["n"] == 150


def test_used_counts_rows_and_not_steps(make):
    assert evaluate(make.seq2seq()).to_json()["rows"]["used"] == 40


def test_scores_of_captions_say_where_their_document_frequencies_come_from(make):
    one = make.captions(1200)
    one.scored[:3] = False
    assert evaluate(one).to_json()["notes"] == {
        "cider_d": "document frequencies of these 1,197 rows' references"
    }
    assert evaluate(make.captions(1)).to_json()["notes"] == {
        "cider_d": "needs two rows or more for document frequencies"
    }


def test_what_is_not_a_number_is_null_in_json(make):
    found = evaluate(make.captions(1)).to_json()
    assert found["metrics"]["cider_d"] is None
    json.dumps(found, allow_nan=False)
