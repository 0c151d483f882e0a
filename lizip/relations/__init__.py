"""Columns that follow from others, or hold less than their type could: they are told once, before any codec looks.

Drivers and libraries write the same thing twice: float64 that holds float32, azimuth and range beside x, y and z, one
column under two names, three colours packed into one number. A `Recipe` says how such columns come back; the codec sees
a cloud without them, or with what is left of them. Every rule is exact for every bit pattern.
"""

from lizip.relations.find import alternatives, narrowed
from lizip.relations.recipe import Recipe

__all__ = ["Recipe", "alternatives", "narrowed"]
