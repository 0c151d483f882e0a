"""Where a moving sensor was, firing by firing, and the law behind it. Encoder only."""
