"""The ground floor: the same bits on every machine. Trigonometry, rotations, small linear algebra, floats counted."""
