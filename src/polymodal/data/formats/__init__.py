"""Table formats, one file each; the file name is the format's name, its reader the first of `__all__`.

A reader takes a path and returns a `pyarrow.RecordBatchReader` (a stream that `polymodal.data.table`
writes to a memory-mapped file) or a `pyarrow.Table` that is memory-mapped already.
"""
