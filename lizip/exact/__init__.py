"""The ground floor: the same bits on every machine. Trigonometry and small dense linear algebra in a fixed order."""
