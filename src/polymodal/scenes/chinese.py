"""Chinese words and sentence patterns. The last pattern of each kind occurs in test only."""

from __future__ import annotations

from polymodal.scenes.language import Language

_SHAPES = {
    "circle": ("圆形", "圆"),
    "square": ("正方形", "方块"),
    "triangle": ("三角形",),
    "star": ("星星", "五角星"),
    "cross": ("十字",),
    "heart": ("爱心", "心形"),
}
_COLOURS = {
    "red": "红色",
    "green": "绿色",
    "blue": "蓝色",
    "yellow": "黄色",
    "purple": "紫色",
    "orange": "橙色",
}

CHINESE = Language(
    code="zh",
    joiner="",
    shapes={shape: tuple((w, w) for w in words) for shape, words in _SHAPES.items()},
    colours={colour: (word,) for colour, word in _COLOURS.items()},
    sizes={"small": ("小 的",), "large": ("大 的",)},
    patterns={"striped": ("条纹 的",), "dotted": ("圆点 的", "斑点 的")},
    relations={
        "left": ("左边", "左侧"),
        "right": ("右边", "右侧"),
        "above": ("上面", "上方"),
        "below": ("下面", "下方"),
        "front": ("前面",),
    },
    numbers=("零", "一", "两", "三", "四", "五"),
    generic=("图形", "图形"),
    one="一 个",
    the="那 个",
    captions={
        "one": ("这里 有 {a}", "我 看见 {a}", "图 中 有 {a}", "我们 能 找到 {a}"),
        "two": (
            "这里 有 {a} 和 {b}",
            "{a} 和 {b} 在 图 中",
            "画面 里 有 {a} 还 有 {b}",
            "你 能 看见 {a} 与 {b}",
        ),
        "relation": (
            "{a} 在 {b} 的 {relation}",
            "{b} 的 {relation} 有 {a}",
            "{a} 位于 {b} 的 {relation}",
            "我们 看见 {b} 的 {relation} 是 {a}",
        ),
        "count": (
            "这里 有 {number} 个 {group}",
            "我 数 了 {number} 个 {group}",
            "图 中 有 {number} 个 {group}",
            "{group} 一共 有 {number} 个",
        ),
        "colour": (
            "{shape} 是 {colour} 的",
            "图 中 唯一 的 {shape} 是 {colour} 的",
            "{colour} 是 {shape} 的 颜色",
            "有人 把 {shape} 画 成 {colour}",
        ),
        "absent": (
            "这里 没有 {colour} 的 {shape}",
            "我 看 不 见 {colour} 的 {shape}",
            "图 中 没有 {colour} 的 {shape}",
            "这里 少 了 {colour} 的 {shape}",
        ),
    },
    questions={
        "presence": (
            "这里 有 {a} 吗",
            "你 能 看见 {a} 吗",
            "图 中 有 没有 {a}",
            "我们 能 找到 {a} 吗",
        ),
        "colour": (
            "{shape} 是 什么 颜色",
            "{shape} 的 颜色 是 什么",
            "图 中 的 {shape} 是 什么 颜色",
            "有人 把 {shape} 画 成 什么 颜色",
        ),
        "shape": (
            "{colour} 的 是 什么 形状",
            "什么 形状 是 {colour} 的",
            "图 中 {colour} 的 是 什么 形状",
            "画 成 {colour} 的 是 什么 形状",
        ),
        "count": (
            "这里 有 几 个 {group}",
            "你 能 看见 几 个 {group}",
            "图 中 有 多少 个 {group}",
            "{group} 一共 有 几 个",
        ),
        "relation": (
            "{the_a} 在 {the_b} 的 {relation} 吗",
            "{the_a} 是 不 是 在 {the_b} 的 {relation}",
            "{the_b} 的 {relation} 是 {the_a} 吗",
            "{the_a} 位于 {the_b} 的 {relation} 吗",
        ),
        "comparison": (
            "{group} 比 {other} 多 吗",
            "{group} 是 不 是 比 {other} 多",
            "图 中 {group} 比 {other} 多 吗",
            "我们 看见 {group} 比 {other} 多 吗",
        ),
    },
)
