"""What a recipe leaves open is chosen from the table, and said."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pytest
import yaml
from PIL import Image

from media_files import tone, write_container
from polymodal.core import arguments
from polymodal.core.contracts.named_task import task_named
from polymodal.core.errors import DataError, RecipeError
from polymodal.recipe import assemble
from polymodal.recipe.defaults import is_plain, objectives_for, size_for, text_for, training_for
from polymodal.recipe.infer import infer
from polymodal.recipe.recipe import Recipe, from_dict
from polymodal.recipe.written.given import override
from polymodal.tables.group import group_rows
from polymodal.tables.table import read
from polymodal.training.steps.settings import Training


@pytest.fixture
def questions(tmp_path):
    rng = np.random.default_rng(0)
    for row in range(40):
        pixels = rng.integers(0, 255, (48, 48, 3)).astype("uint8")
        Image.fromarray(pixels).save(tmp_path / f"{row}.png")
    rows = [
        {
            "image": f"{row}.png",
            "question": f"is there a {row % 7} and one more left of it?",
            "same": "always",
            "answer": "yes" if row % 2 else "no",
        }
        for row in range(40)
    ]
    table = read(rows, media_root=tmp_path)
    table.root = tmp_path
    return table


def test_pictures_beside_text_are_not_mirrored(questions):
    found = infer(questions, {"target": "answer"})
    assert found.values["task"] == "classification"
    assert found.values["inputs"]["image"]["flip"] is False
    assert found.values["inputs"]["image"]["size"] == 48
    assert found.values["inputs"]["question"]["modality"] == "text"


def test_columns_left_out_are_named_with_the_reason(questions):
    reasons = infer(questions, {"target": "answer"}).reasons
    assert any(reason.startswith("column same: ") for reason in reasons)


def test_what_is_given_stays(questions):
    given = {
        "target": "answer",
        "fusion": "attention",
        "training": {"epochs": 3},
        "inputs": {"image": {"modality": "image", "size": 24}},
    }
    values = infer(questions, given).values
    assert values["inputs"] == {
        "image": {"modality": "image", "encoder": "convnet", "size": 24, "channels": 3}
    }
    assert values["fusion"] == "attention"
    assert values["training"]["epochs"] == 3
    assert values["training"]["batch_size"] == 16


def test_reasons_tell_what_was_given(questions):
    given = {"target": "answer", "training": {"epochs": 3, "batch_size": 20, "augment": False}}
    assert (
        infer(questions, given)
        .reasons[-1]
        .startswith("training: 3 epochs, batch size 20 (chosen for 40 rows), no augmentation")
    )


def test_reasons_name_the_size_of_a_small_model():
    rows = [
        {"who": str(row // 10), "x": [row % 7 / 7, 1.0], "y": "ab"[row % 3 % 2]}
        for row in range(100)
    ]
    found = infer(group_rows(read(rows), "who"), {"target": "y", "group": "who"})
    assert found.values["dim"] == 32
    assert any(reason.startswith("dim: 32. A larger model") for reason in found.reasons)


def test_inputs_that_a_recipe_leaves_out_are_named(questions):
    given = {"target": "answer", "inputs": {"image": {"modality": "image"}}}
    reasons = infer(questions, given, ["same"]).reasons
    assert any(reason.startswith("columns question: Not used") for reason in reasons)


def test_columns_that_an_assistant_does_not_read_are_explained():
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    told = read([{"messages": talk, "kind": "x", "source": f"s{row}"} for row in range(8)])
    reasons = infer(told, {"task": "chat", "target": "response"}).reasons
    assert "columns turn, kind: Not read; scores are cut by them." in reasons
    assert "columns source: Not used because an assistant reads conversation." in reasons
    assert not any('"*"' in reason for reason in reasons)


def test_a_setting_of_one_input_leaves_the_others(questions):
    usual = infer(questions, {"target": "answer"}).values
    given = override({"target": "answer"}, ["inputs.image.width=16"])
    values = infer(questions, given).values
    assert values["inputs"] == usual["inputs"] | {"image": usual["inputs"]["image"] | {"width": 16}}
    assert list(values["inputs"]) == list(usual["inputs"])
    renamed = override({"target": "answer"}, ["inputs.picture.column=image"])
    assert {n: c["modality"] for n, c in infer(questions, renamed).values["inputs"].items()} == {
        "picture": "image",
        "question": "text",
    }
    listed = {"target": "answer", "inputs": {"image": {"modality": "image"}}}
    assert list(infer(questions, override(listed, ["inputs.image.width=16"])).values["inputs"]) == [
        "image"
    ]


def test_a_setting_of_a_part_leaves_its_choice_open(questions):
    usual = infer(questions, {"target": "answer"}).values
    settings = ["fusion.dropout=0.3", "task.label_smoothing=0.1"]
    values = infer(questions, override({"target": "answer"}, settings)).values
    assert values["fusion"] == usual["fusion"] | {"dropout": 0.3}
    assert values["task"] == {"name": "classification", "label_smoothing": 0.1}
    values = infer(questions, override({"target": "answer"}, ["sequence.num_layers=2"])).values
    with pytest.raises(RecipeError, match=r"Write sequence\.name, one of attention, .*recurrent"):
        from_dict(values)


@pytest.mark.parametrize("setting", ["inputs=5", "inputs.image=5", "fusion=5", "training=5"])
def test_settings_of_a_wrong_shape_are_refused(questions, setting):
    def completed():
        values = override({"target": "answer"}, [setting])
        arguments.build(Training, values.get("training") or {}, "training")
        return from_dict(infer(questions, values).values)

    with pytest.raises(RecipeError, match=r"needs .*Got 5\."):
        completed()


@pytest.mark.parametrize("setting", ["fusion.gate=sigmoid", "sequence.layers=2"])
def test_settings_of_parts_are_checked_before_the_data(questions, setting):
    given = override({"target": "answer", "sequence": "attention"}, [setting])
    recipe = from_dict(infer(questions, given).values)
    with pytest.raises(RecipeError, match="No setting named"):
        assemble.check_parts(recipe)


def test_a_column_can_be_taken_out_of_the_tabular_input():
    rows = [
        {"age": row % 9, "height": row % 7 + 0.5, "note": "same", "y": row % 3 / 7}
        for row in range(40)
    ]
    settings = ["inputs.age.columns=[age]", "inputs.note.modality=text"]
    found = infer(read(rows), override({"target": "y", "task": "regression"}, settings))
    assert {n: c.get("columns") for n, c in found.values["inputs"].items()} == {
        "age": ["age"],
        "note": None,
        "tabular": ["height"],
    }
    assert not any(reason.startswith("column note: Ignored") for reason in found.reasons)


def test_an_inferred_recipe_survives_yaml(questions):
    recipe = from_dict(infer(questions, {"target": "answer"}).values)
    assert from_dict(yaml.safe_load(recipe.to_yaml())).to_dict() == recipe.to_dict()


def test_an_unknown_column_is_named_with_the_nearest(questions):
    with pytest.raises(RecipeError, match='Did you mean "answer"'):
        infer(questions, {"target": "anwser"})
    with pytest.raises(RecipeError, match='Did you mean "image"'):
        infer(questions, override({"target": "answer"}, ["inputs.imge.size=32"]))
    with pytest.raises(RecipeError, match="its column gives no hint"):
        infer(questions, override({"target": "answer"}, ["inputs.same.dim=32"]))
    with pytest.raises(RecipeError, match="Name it with --target"):
        infer(questions, {})


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("pictures/{}.png", "none of 8 sampled files exists under"),
        ("https://example.org/{}.png", "it has URLs"),
    ],
)
def test_media_that_are_not_there_are_no_column_less(tmp_path, cell, problem):
    rows = [{"photo": cell.format(row), "age": row % 9, "y": "ab"[row % 2]} for row in range(40)]
    table = read(rows, media_root=tmp_path)
    with pytest.raises(DataError, match=problem) as caught:
        infer(table, {"target": "y"})
    assert str(caught.value).endswith("leave the column out with --ignore photo.")
    assert list(infer(table, {"target": "y"}, ["photo"]).values["inputs"]) == ["tabular"]


def test_settings_override_names_by_mappings():
    values = override({"fusion": "gated"}, ["fusion.dropout=0.2", "training.epochs=5"])
    assert values == {"fusion": {"name": "gated", "dropout": 0.2}, "training": {"epochs": 5}}
    with pytest.raises(RecipeError, match="--set needs name=value"):
        override({}, ["epochs"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fusion": "gatd"}, 'Did you mean "gated"'),
        ({"task": "clasification"}, 'Did you mean "classification"'),
        ({"inputs": {"a": {"modality": "imge"}}}, 'Did you mean "image"'),
        ({"inputs": {"a": {"modality": "image", "encoder": "convnt"}}}, 'Did you mean "convnet"'),
        ({"inputs": {}}, "needs at least one input"),
        ({"order": "position"}, "needs group"),
    ],
)
def test_mistakes_have_the_nearest_name(change, message):
    settings = {"target": "x", "inputs": {"a": {"modality": "image"}}} | change
    with pytest.raises(RecipeError, match=message):
        Recipe(**settings)


def test_many_rows_that_are_seen_seldom_are_not_varied():
    inputs = {"picture": "image", "question": "text"}
    often, seldom = (
        training_for(task_named("classification"), rows, rows, inputs, None)
        for rows in (2_000, 24_000)
    )
    assert seldom["epochs"] < 10 < often["epochs"]
    assert "augment" not in often
    assert seldom["augment"] is False
    spoken = training_for(task_named("transcribe"), 24_000, 24_000, {"x": "audio"}, None)
    assert "augment" not in spoken
    assert seldom["clip_norm"] == 5.0
    assert seldom["learning_rate"] == often["learning_rate"] / 2
    assert (
        objectives_for(
            task_named("classification"), list(inputs.values()), 24_000, seldom["epochs"]
        )
        == {}
    )
    assert seldom["modality_dropout"] == 0.05
    assert size_for(24_000, 24_000, 5)[0] == {"dropout": 0.0}
    assert size_for(2_000, 2_000, 5)[0] == {}


def test_rows_that_share_a_picture_are_found_and_come_together(questions):
    rows = [
        {
            **{name: questions.cell(row % 40, name) for name in ("image", "question", "answer")},
            "number": row,
        }
        for row in range(2000)
    ]
    many = read(rows, media_root=questions.root)
    found = infer(many, {"target": "answer"}, ["number"])
    assert found.values["training"]["rows_per_item"] == 4
    assert any("up to 4 rows per batch that share a media file" in r for r in found.reasons)
    assert "rows_per_item" not in infer(questions, {"target": "answer"}).values["training"]
    task = task_named("classification")
    alone, shared = (
        training_for(task, 24_000, 24_000, {"x": "image"}, None, times) for times in (1.9, 2.0)
    )
    assert shared["epochs"] > alone["epochs"]  # each takes less time
    captions = training_for(task_named("caption"), 24_000, 24_000, {"x": "image"}, None, 5.0)
    assert "rows_per_item" not in captions


def test_each_of_several_inputs_is_asked_alone_where_a_row_has_one_answer():
    two, three = (
        {"picture": "image", "sound": "audio"},
        {"picture": "image", "sound": "audio", "words": "text"},
    )
    chosen = lambda task, inputs: training_for(task_named(task), 2_000, 2_000, inputs, None)
    hiding = lambda task, inputs: {
        k: v for k, v in chosen(task, inputs).items() if k == "modality_dropout"
    }
    asked = lambda task, inputs: set(
        objectives_for(task_named(task), list(inputs.values()), 2_000, 21)
    )
    assert hiding("regression", {"picture": "image"}) == {}
    assert hiding("classification", two) == {}
    assert (
        hiding("multilabel", three)
        == hiding("sequence_labelling", two)
        == {"modality_dropout": 0.15}
    )
    assert asked("classification", two) == asked("multilabel", three) == {"single_modality"}
    assert asked("regression", {"picture": "image"}) == asked("sequence_labelling", two) == set()


def test_captions_of_pictures_are_grounded_in_a_single_one():
    asked = lambda *modalities: set(objectives_for(task_named("caption"), modalities, 2_000, 21))
    assert asked("image", "text") == {"word_spotting", "grounding"}
    assert asked("image", "image") == asked("audio") == {"word_spotting"}


def test_objectives_of_the_user_are_put_over_those_chosen(questions):
    found = infer(
        questions,
        {
            "target": "answer",
            "objectives": {"single_modality": {"weight": 0.0}, "word_spotting": None},
        },
    )
    assert found.values["objectives"] == {"single_modality": {"weight": 0.0}, "word_spotting": {}}
    usual = infer(questions, {"target": "answer"})
    assert usual.values["objectives"] == {"single_modality": {"weight": 1.0}}
    assert any(
        "plus 1 objective (single_modality; turn one off with "
        "--set objectives.single_modality.weight=0)" in r
        for r in usual.reasons
    )
    with pytest.raises(RecipeError, match='No objective named "single_modalities"'):
        infer(questions, {"target": "answer", "objectives": {"single_modalities": {}}})


@pytest.mark.parametrize(
    ("task", "modalities", "rows", "plain"),
    [
        ("regression", ["tabular"], 300, True),
        ("classification", ["tabular", "text"], 300, True),
        ("classification", ["tabular", "image"], 300, False),
        ("classification", ["text"], 300, False),
        ("regression", ["tabular"], 3000, False),
        ("sequence_labelling", ["tabular"], 300, False),
    ],
)
def test_few_rows_of_numbers_and_texts_are_plain(task, modalities, rows, plain):
    assert is_plain(task_named(task), modalities, rows) == plain


def test_few_rows_of_numbers_are_kept_from_overfitting():
    rng = np.random.default_rng(0)
    rows = [
        {
            "a": float(rng.normal()),
            "b": float(rng.normal()),
            "y": float(rng.normal()),
            "note": f"{rng.choice(['one', 'two'])} and {rng.choice(['one', 'two'])} here",
        }
        for _ in range(300)
    ]
    found = infer(read(rows), {"target": "y", "inputs": {"*": {}, "note": {"modality": "text"}}})
    assert found.values["dropout"] == 0.3
    assert "dropout: 0.3. Less dropout would overfit so few rows of numbers." in found.reasons
    note = found.values["inputs"]["note"]
    assert (note["encoder"], note["tokenizer"], note["dropout"]) == ("bag", "ngram", 0.6)
    assert any("using a bag of words, character n-grams and word pairs" in r for r in found.reasons)
    assert found.values["training"] == {
        "epochs": 60,
        "batch_size": 16,
        "learning_rate": 0.002,
        "average": 0.979,
    }
    asked = infer(
        read(rows),
        {
            "target": "y",
            "dropout": 0.1,
            "inputs": {"*": {}, "note": {"modality": "text", "encoder": "rnn"}},
        },
    ).values
    assert (asked["dropout"], asked["inputs"]["note"]["encoder"]) == (0.1, "rnn")


def test_weights_are_averaged_where_a_row_has_one_answer_and_is_seen_often():
    average = lambda task, rows: training_for(
        task_named(task), rows, rows, {"x": "audio"}, None
    ).get("average")
    assert average("classification", 1_600) == 0.984
    assert average("classification", 8) == 0.5
    assert average("classification", 24_000) is None
    assert average("caption", 1_600) is None
    assert average("transcribe", 1_600) is None


def test_few_long_sequences_get_a_small_model_and_few_epochs():
    task = task_named("sequence_labelling")
    few, many = (training_for(task, rows, 1500, {"sound": "sequence"}, None) for rows in (60, 1500))
    assert few["epochs"] < many["epochs"]
    assert size_for(60, 1500, 13)[0] == {"dim": 32, "dropout": 0.5}


@pytest.mark.parametrize(
    ("count", "epochs", "batch_size"),
    [(2_000, None, 64), (2_000, 12, 32), (2_000, 3, 16), (150, None, 16)],
)
def test_short_runs_take_smaller_batches(count, epochs, batch_size):
    settings = training_for(task_named("classification"), count, count, {"x": "image"}, epochs)
    assert settings["batch_size"] == batch_size


@pytest.mark.parametrize(
    ("texts", "encoder"),
    [(["one two", "two one"] * 30, None), (["every word", "is another", "one here"], "bag")],
)
def test_rare_words_are_read_as_a_bag(texts, encoder):
    found, reason = text_for(task_named("classification"), texts)
    assert found.get("encoder") == encoder
    assert ("bag of words" in reason) == (encoder == "bag")
    assert text_for(task_named("seq2seq"), texts) == ({}, "")


def test_grouped_texts_are_one_bag_for_each_step(shared_data):
    table = group_rows(read(shared_data / "mosi" / "train.parquet"), "video", "position")
    ignore = ["text_features", "audio_features", "video_features"]
    given = {"target": "sentiment", "group": "video", "order": "position"}
    found = infer(table, given, ignore)
    words = found.values["inputs"]["transcript"]
    assert words["modality"] == "texts"
    assert (words["encoder"], words["tokenizer"]) == ("bag", "ngram")
    assert found.values["task"] == "sequence_labelling"
    assert found.values["sequence"] == {"name": "recurrent", "summary": True}
    assert words["dropout"] == 0.9
    assert any("training drops 90 % of them at random" in reason for reason in found.reasons)
    assert found.values["training"]["epochs"] == 31
    assert any(
        reason.startswith("input transcript: texts, because it has one text for each step")
        for reason in found.reasons
    )
    assert "transcript" in from_dict(found.values).to_yaml()


def test_familiar_words_of_steps_are_all_read(tmp_path):
    path = tmp_path / "days.csv"
    path.write_text(
        "day,hour,report,lamp\n"
        + "".join(
            f"{row // 8},{row % 8},lamp turned {'on,lit' if row // 3 % 2 else 'off,dark'}\n"
            for row in range(320)
        )
    )
    given = {"target": "lamp", "group": "day", "order": "hour"}
    found = infer(group_rows(read(path), "day", "hour"), given).values
    assert "dropout" not in found["inputs"]["report"]


def test_what_the_user_says_stands(questions):
    given = {"target": "answer", "dropout": 0.3, "training": {"epochs": 5, "augment": True}}
    found = infer(questions, given).values
    assert found["dropout"] == 0.3
    assert found["training"]["augment"] is True


def test_epochs_left_open_by_null_do_not_break_the_choice_of_the_rest(questions):
    found = infer(questions, {"target": "answer", "training": {"epochs": None}}).values
    assert found["training"]["epochs"] is None
    assert found["training"]["batch_size"] == 16


def test_a_recording_to_write_down_is_whole_and_stands_alone(tmp_path):
    """Numbers and texts beside it are mostly its length or its words, and in use it has none."""
    import soundfile

    rng, rows = np.random.default_rng(0), []
    for number in range(40):
        soundfile.write(tmp_path / f"{number}.wav", rng.normal(size=8000) * 0.1, 8000)
        rows.append(
            {
                "audio": f"{number}.wav",
                "seconds": 1 + number / 7,
                "normalised": f"it was number {number} again",
                "said": f"it was number {number}",
            }
        )
    path = tmp_path / "speech.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found = infer(read(path), {"target": "said"})
    assert found.values["task"] == "transcribe"
    assert list(found.values["inputs"]) == ["audio"]
    heard = found.values["inputs"]["audio"]
    assert heard["max_seconds"] > 1.5
    assert heard["centred"]
    assert heard["silence_seconds"]
    assert any("audio: Mean-normalised and augmented" in reason for reason in found.reasons)
    plain = infer(read(path), override({"target": "said"}, ["inputs.audio.centred=false"]))
    assert not any("audio: Mean-normalised" in reason for reason in plain.reasons)
    left_out = [reason for reason in found.reasons if "Ignored" in reason]
    assert any("input tabular" in reason for reason in left_out)
    assert any("input normalised" in reason for reason in left_out)
    kept = infer(read(path), override({"target": "said"}, ["inputs.normalised.modality=text"]))
    assert list(kept.values["inputs"]) == ["audio", "normalised"]
    assert "silence_seconds" not in kept.values["inputs"]["audio"]  # which would move what is said
    kept = infer(read(path), override({"target": "said"}, ["inputs.tabular.modality=tabular"]))
    assert kept.values["inputs"]["tabular"]["columns"] == ["seconds"]
    again = infer(read(path), found.values)
    assert again.values == found.values


def test_films_whose_sound_is_not_read_are_said_to_have_some(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (10, 32, 32, 3)).astype(np.uint8)
    for name, sound in (("a", tone(1.0)), ("b", tone(1.0)), ("c", None)):
        write_container(tmp_path / f"{name}.mp4", sound, frames=frames)
    table = read(
        {
            "my film": ["a.mp4", "b.mp4", "c.mp4", ""],
            "audio": list("xyzx"),
            "said": ["yes", "no", "yes", "no"],
        },
        media_root=tmp_path,
    )
    found = infer(table, {"target": "said"}, ["audio"])
    options = (
        "--set inputs.audio_track.modality=audio --set 'inputs.audio_track.column=my film' "
        "--set 'inputs.my film.modality=video'"
    )
    assert (
        "input my film: 2 of the 3 videos opened have sound, which is not used. To use both: "
        f"{options}. Without the last option only the sound is used."
    ) in found.reasons
    settings = [part for part in shlex.split(options) if part != "--set"]
    both = infer(table, override({"target": "said"}, settings), ["audio"])
    assert set(both.values["inputs"]) == {"my film", "audio_track"}
    alone = infer(table, override({"target": "said"}, settings[:-1]), ["audio"])
    assert set(alone.values["inputs"]) == {"audio_track"}
    left = (
        "input my film: not read as video, because inputs.audio_track reads its column as "
        "audio. To use both: --set 'inputs.my film.modality=video'."
    )
    assert left in alone.reasons
    assert not any("not read as" in reason for reason in both.reasons)
    for heard in (both, alone):
        assert not any("have sound" in reason for reason in heard.reasons)


def test_clips_of_conversations_are_heard_and_pictures_without_sound_seen(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (10, 32, 32, 3)).astype(np.uint8)
    for name, sound in (("said", tone(1.0)), ("heard", tone(1.0)), ("mute", None), ("still", None)):
        write_container(tmp_path / f"{name}.mp4", sound, frames=frames)
    rows = {
        "talk": ["a", "a", "b", "b"],
        "clip": ["said.mp4", None, "heard.mp4", "said.mp4"],
        "face": ["mute.mp4", "still.mp4", None, "mute.mp4"],
        "mood": ["good", "bad", "good", "good"],
    }
    given = {"target": "mood", "group": "talk"}
    talks = group_rows(read(rows, media_root=tmp_path), "talk")
    found = infer(talks, given)
    kinds = {name: one["modality"] for name, one in found.values["inputs"].items()}
    assert kinds == {"clip": "sounds", "face": "pictures"}
    (told,) = (reason for reason in found.reasons if "videos opened" in reason)
    assert told.startswith("input clip: 3 of the 3 videos opened have pictures too, which are not")
    settings = [part for part in shlex.split(told.split(": ")[2]) if "inputs." in part]
    settings[-1] = settings[-1].rstrip(".")
    both = infer(talks, override(given, settings))
    kinds = {name: one["modality"] for name, one in both.values["inputs"].items()}
    assert kinds == {"clip": "sounds", "pictures": "pictures", "face": "pictures"}


def test_vectors_of_frozen_encoders_are_learned_from_in_fewer_epochs():
    task, inputs = task_named("classification"), {"photo": "image", "text": "text"}
    usual, frozen = (
        training_for(task, 500, 500, inputs, None, frozen=one)["epochs"] for one in (False, True)
    )
    assert (usual, frozen) == (84, 40)
