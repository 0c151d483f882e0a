"""A reader of .lizip files written from docs/format alone, in plain Python: it takes nothing from lizip."""

from second_reader.reader import read

__all__ = ["read"]
