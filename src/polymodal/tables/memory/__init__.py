"""Rows that a program holds in memory, as the columns of a table."""
