from polymodal.evaluation.report import ReportContent, write_model_card


def test_card_names_results_weak_places_and_limits(make, tmp_path):
    one = make.classes(n=400, sharpness=3)
    weak = (one.present == [False, True]).all(axis=1)
    one.outputs[weak] = 0.25
    content = ReportContent(
        "Digits",
        {"val": one},
        "digit",
        summary=["It reads pictures."],
        inputs={"image": "column image"},
        command="polymodal train",
    )
    text = write_model_card(tmp_path, content).read_text(encoding="utf-8")
    for part in (
        "# Digits",
        "It reads pictures.",
        "It predicts **digit**, one of class 0",
        "| accuracy |",
        "with audio only",
        "against",
        "also chose the weights",
        "the biases of its training data",
        "    polymodal train",
    ):
        assert part in text


def test_card_of_numbers_and_sequences_is_written_too(make, tmp_path):
    for one in (make.regression(), make.seq2seq(), make.multilabel()):
        text = write_model_card(tmp_path, ReportContent("X", {"test": one}, "y")).read_text()
        assert "## Limits" in text
        assert "also chose the weights" not in text


def test_text_of_the_user_stays_text(content, tmp_path):
    text = write_model_card(tmp_path, content).read_text(encoding="utf-8")
    assert "<script>" not in text.split("## Train it again")[0]


def test_card_says_what_scores_of_captions_are_compared_with(make, tmp_path):
    content = ReportContent("X", {"test": make.captions(8)}, "y")
    assert "\nCIDEr-D: document frequencies of these 8 rows' references.\n" in (
        write_model_card(tmp_path, content).read_text()
    )


def test_no_name_becomes_markup_or_commands_a_terminal(make, tmp_path):
    name = "a\n# b | [x](http://y) <i> &lt; ~~c~~ $d$ \x1b[31m \u202e"
    content = ReportContent(
        name,
        {"test": make.classes()},
        name,
        summary=[name],
        inputs={name: name},
        command="polymodal train --data 'a\n# b\x1b[31m'",
    )
    text = write_model_card(tmp_path, content).read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n# b" not in text
    for mark in ("[x]", " <i>", " &lt;", "~~", " $d$"):
        assert mark not in text
