"""Segments keep to what can be read; files keep to their formats and come back the same."""

import io
import json
import re

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymodal.core.errors import DataError
from polymodal.speech.segmenting.segments import segments_from_words
from polymodal.speech.transcripts.subtitles import subtitles, to_json, to_srt, to_text, to_vtt
from polymodal.speech.transcripts.transcript import Segment, Word
from subtitle_parser import parse_subtitles

# No letters that make a style of "<b>": SubRip cannot tell it from a text.
TEXTS = st.text("acx é&<>-;1两", min_size=1, max_size=42).map(lambda t: t.replace(" ", "") or "x")


@st.composite
def words(draw):
    time, found = draw(st.floats(0, 400_000)), []
    for text, gap, length in draw(
        st.lists(st.tuples(TEXTS, st.floats(0, 2), st.floats(0, 3)), max_size=25)
    ):
        start = time + gap
        time = start + length
        found.append(Word(text, start, time, 0.5))
    return found


def width(line):
    return sum(2 if letter > "\u3000" else 1 for letter in line)


@settings(max_examples=100)
@given(words())
def test_segments_keep_all_words_and_can_be_read(spoken):
    segments = segments_from_words(spoken)
    assert [word for segment in segments for word in segment.words] == spoken
    for segment in segments:
        lines = segment.text.split("\n")
        assert len(lines) <= 2
        assert all(width(line) <= 42 for line in lines) or len(segment.words) == 1
        assert segment.end_seconds - segment.start_seconds <= 7
        gaps = [
            b.start_seconds - a.end_seconds
            for a, b in zip(segment.words, segment.words[1:], strict=False)
        ]
        assert all(gap < 0.8 for gap in gaps)


def test_lines_are_evenly_filled_and_long_words_stay_whole():
    sentence = "the quick brown fox jumps over\nthe lazy dog near the river"
    spoken = [Word(text, i / 10, i / 10 + 0.1) for i, text in enumerate(sentence.split())]
    assert segments_from_words(spoken)[0].text == sentence
    (long,) = segments_from_words([Word("x" * 50, 0, 9)])
    assert (long.text, long.end_seconds) == ("x" * 50, 9)
    (chinese,) = segments_from_words([Word("猫", i / 10, i / 10 + 0.1) for i in range(30)])
    assert chinese.text == "猫" * 15 + "\n" + "猫" * 15


def times(text, point):
    clock = rf"(\d{{2,}}):([0-5]\d):([0-5]\d){point}(\d{{3}})"
    found = re.findall(rf"^{clock} --> {clock}$", text, re.MULTILINE)
    numbers = [list(map(int, row)) for row in found]
    return [
        tuple(((r[i] * 60 + r[i + 1]) * 60 + r[i + 2]) * 1000 + r[i + 3] for i in (0, 4))
        for r in numbers
    ]


def check_times(cues, segments):
    assert len(cues) == len(segments)
    free = 0
    for start, end in cues:
        assert free <= start < end
        free = end


@settings(max_examples=100)
@given(words())
def test_subrip_is_valid_and_comes_back(spoken):
    segments = segments_from_words(spoken)
    text = to_srt(segments)
    check_times(times(text, ","), segments)
    blocks = text.split("\n\n") if text else []
    for number, block in enumerate(blocks, 1):
        head, timing, *lines = block.rstrip("\n").split("\n")
        assert head == str(number)
        assert timing.count("-->") == 1
        assert lines
        assert not any("-->" in line or not line.strip() for line in lines)
    again = parse_subtitles(text)
    assert to_srt(again) == text


@settings(max_examples=100)
@given(words(), st.booleans())
def test_webvtt_is_valid_and_comes_back(spoken, word_times):
    segments = segments_from_words(spoken)
    text = to_vtt(segments, word_times=word_times)
    check_times(times(text, r"\."), segments)
    header, *blocks = text.split("\n\n")
    assert header.rstrip("\n") == "WEBVTT"
    for block, (start, end) in zip(blocks, times(text, r"\."), strict=True):
        timing, *lines = block.rstrip("\n").split("\n")
        assert timing.count("-->") == 1
        payload = "\n".join(lines)
        assert payload.strip()
        inner = re.findall(r"<(\d{2,}):(\d\d):(\d\d)\.(\d{3})>", payload)
        inside = [((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(f) for h, m, s, f in inner]
        assert inside == sorted(set(inside))
        assert all(start < time < end for time in inside)
        bare = re.sub(r"<[\d:.]+>", "", payload)
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", bare)
    again = parse_subtitles(text)
    expected = [segment.text.replace("\n", " ") for segment in segments]
    found = [segment.text.replace("\n", " ") for segment in again]
    if not word_times:
        assert found == expected


def test_times_round_without_overlap_and_hours_pass_99():
    segments = [
        Segment("a", 359_999.9996, 360_000.2),
        Segment("b", 360_000.1, 360_000.1),
        Segment("c", 360_000.1, 360_001.0),
        Segment(" \n", 0, 1),
    ]
    assert times(to_srt(segments), ",") == [
        (360_000_000, 360_000_100),
        (360_000_100, 360_000_101),
        (360_000_101, 360_001_000),
    ]
    assert "100:00:00,000 --> 100:00:00,100" in to_srt(segments)


def test_another_tool_reads_the_same_cues():
    segments = [Segment("one & two\nthree", 1.0, 2.5), Segment("猫", 3.0, 4.0)]
    for name, demuxer in (("srt", "srt"), ("vtt", "webvtt")):
        file = io.BytesIO(subtitles(segments, name).encode())
        with av.open(file, format=demuxer) as container:
            (stream,) = container.streams.subtitles
            packets = [packet for packet in container.demux(stream) if packet.size]
            assert stream.type == "subtitle"
            read = [
                tuple(float(time * packet.time_base) for time in (packet.pts, packet.duration))
                for packet in packets
            ]
        assert read == [(1.0, 1.5), (3.0, 1.0)]
        assert bytes(packets[1]).decode() == "猫"


def test_subtitles_of_other_tools_are_read():
    srt = (
        "\ufeff1\r\n0:00:01,5 --> 00:00:02,500 X1:10\r\n<i>Hi</i> {\\an8}you\r\n\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,000\r\n\r\n"
    )
    assert parse_subtitles(srt) == [Segment("Hi you", 1.5, 2.5), Segment("", 3.0, 4.0)]
    vtt = (
        "WEBVTT - title\nKind: captions\n\nNOTE not\nshown\n\nSTYLE\n::cue{}\n\nintro\n"
        "00:01.000 --> 00:02.000 align:start\n<v Ann>a &lt; <c.red>b</c>\n"
    )
    assert parse_subtitles(vtt) == [Segment("a < b", 1.0, 2.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\na\n\n2\nhello\n", "line 5 has '2', expected times"),
        ("\n\n1\n00:00:03,000 --> 00:00:02,000\na", r"line 4 ends at 2\.000 s, before it starts"),
    ],
)
def test_errors_name_the_line(text, message):
    with pytest.raises(DataError, match=message):
        parse_subtitles(text)


def test_json_and_plain_text():
    spoken = [Word("a", 0.0, 0.5, 0.25), Word("cat", 0.5, 1.0), Word("两", 5.0, 5.5)]
    segments = segments_from_words(spoken)
    read = json.loads(to_json(segments))
    assert read["text"] == "a cat 两"
    assert read["segments"][0]["words"][0] == {
        "text": "a",
        "start_seconds": 0.0,
        "end_seconds": 0.5,
        "confidence": 0.25,
    }
    assert to_text(segments) == "a cat\n两\n"


def test_unknown_formats_are_named():
    with pytest.raises(ValueError, match=r"out of srt, vtt, json, txt\. Got 'ass'"):
        subtitles([], "ass")
