"""Makes the rows of the task `chinese`."""

from __future__ import annotations

from polymodal.scenes import statements, world
from polymodal.scenes.chinese import CHINESE
from polymodal.scenes.parts import Part

__all__ = ["chinese"]

# Both words of a pair occur under both labels, turned by "not" or "nobody": single characters
# say little. The last of each list is for test only.
_REMARKS = {
    "likes": (
        "我 很 喜欢 {the_a}",
        "{the_a} 真 好看",
        "{the_a} 一点 也 不 难看",
        "没有 人 讨厌 {the_a}",
        "谁 能 不 喜欢 {the_a} 呢",
        "我 并 不 讨厌 {the_a} 它 很 漂亮",
        "谁 说 {the_a} 不 好看",
        "{the_a} 并 不 难看 我 喜欢",
    ),
    "dislikes": (
        "我 很 讨厌 {the_a}",
        "{the_a} 真 难看",
        "{the_a} 一点 也 不 好看",
        "没有 人 喜欢 {the_a}",
        "谁 能 喜欢 {the_a} 呢",
        "我 并 不 喜欢 {the_a} 它 很 丑",
        "谁 说 {the_a} 好看",
        "{the_a} 并 不 好看 我 讨厌",
    ),
}


def chinese(part: Part, row: int) -> dict:
    """Chinese remark about a picture -> whether the speaker likes, dislikes or only describes it.

    Returns one row: `text`, `label` (likes, dislikes or describes); `pattern` for slices.

    Half of the remarks are followed or led by a plain statement about the same picture.
    """
    rng = part.generator(row)
    scene = world.scene(rng, part.test)
    label = ("likes", "dislikes", "describes")[int(rng.integers(3))]
    kind, slots, _ = statements.statement(scene, rng)
    plain, pattern = part.sentence(CHINESE, CHINESE.captions[kind], slots, rng)
    if label == "describes":
        return {"text": CHINESE.write(plain), "label": label, "pattern": pattern}
    liked = {"a": scene.things[int(rng.integers(len(scene.things)))]}
    words, pattern = part.sentence(CHINESE, _REMARKS[label], liked, rng)
    clauses = [CHINESE.write(words)]
    if rng.random() < 0.5:
        clauses.insert(int(rng.integers(2)), CHINESE.write(plain))
    return {"text": "，".join(clauses), "label": label, "pattern": pattern}
