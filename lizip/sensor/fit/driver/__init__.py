"""Which driver computed a sweep, found from its points alone: range tick, lasers, law, blocks."""
