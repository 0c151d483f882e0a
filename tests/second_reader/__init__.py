"""A reader of .lizip files written from docs/format alone, in plain Python: it takes nothing from lizip.

It reads every codec, stage and relation, sequences and packs. Of the layouts it leaves out those that no golden file
has: text, PCD and PLY in ascii, compressed PCD, .npz, packets, arrays of npy in Fortran order; and compressed spans of
logs.
"""

from second_reader.reader import Past, read

__all__ = ["Past", "read"]
