from polymodal.evaluation.plots.style import readable_text


def test_characters_without_a_font_get_a_substitute_and_never_a_box():
    private = "\U0010fffd"
    assert readable_text(private, "class 3") == "class 3"
    assert readable_text(f"a{private}") == "a?"
    assert readable_text("plain") == "plain"
