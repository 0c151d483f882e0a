"""The version, where whatever needs it can import it."""

__version__ = "0.1.0"
