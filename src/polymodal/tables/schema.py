"""One schema for rows whose types are only known piece by piece."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from polymodal.core.errors import DataError

PLACE = "(place in the file)"  # a column of readers, hidden from others: what messages call a row


def merge_schemas(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """Returns the schema that holds the rows of all `schemas`.

    A column that is missing or empty in one takes its type from another; whole numbers become
    floats where both occur. Texts that look like times stay texts.

    Raises:
        DataError: a column holds texts in one part and numbers in another.
    """
    merged: pa.Schema | None = None
    for schema in schemas:
        plain = pa.schema([pa.field(f.name, plain_type(f.type)) for f in schema])
        if merged is None or plain.equals(merged):
            merged = plain
            continue
        try:
            merged = pa.unify_schemas([merged, plain], promote_options="permissive")
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            raise _conflict(merged, plain) from error
    if merged is not None:
        return merged
    return pa.schema([])


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Returns `kind` with times, which JSON readers guess from texts, as texts again."""
    if pa.types.is_temporal(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(plain_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, plain_type(f.type)) for f in kind])
    return kind


def _conflict(one: pa.Schema, other: pa.Schema) -> DataError:
    for field in other:
        if field.name not in one.names:
            continue
        before = one.field(field.name)
        try:
            pa.unify_schemas(
                [pa.schema([before]), pa.schema([field])], promote_options="permissive"
            )
        except (pa.ArrowTypeError, pa.ArrowInvalid):
            return DataError(
                f"has values of type {before.type} in some rows and {field.type} in others.",
                "Write one type in the whole column.",
                column=field.name,
                reason="mixed_types",
            )
    return DataError(
        "has columns whose types differ between rows.",
        "Write one type in each column.",
        reason="mixed_types",
    )
