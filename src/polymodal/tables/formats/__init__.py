"""Table formats, one file each; the file name is the format's name.

A reader, the first name of `__all__`, takes a path. It returns a `pyarrow.RecordBatchReader` (a
stream that `polymodal.tables.table` writes to a memory-mapped file) or a `pyarrow.Table` that is
memory-mapped already.
"""
