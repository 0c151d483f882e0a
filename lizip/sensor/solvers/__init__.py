"""How the stages of a sweep are found: one page a family. For the encoder alone."""
