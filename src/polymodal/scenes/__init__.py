"""A small procedural world: pictures, captions, questions and speech made from the same facts.

`write` makes a data set on disk, `describe` says what there is, `sequences.make` gives arrays.
"""

from polymodal.scenes.write import Columns, columns, describe, write

__all__ = ["Columns", "columns", "describe", "write"]
