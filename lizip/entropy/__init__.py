"""Decisions, symbols and integers <-> bytes: adaptive models, and the ANS coder with its twin in numba."""
