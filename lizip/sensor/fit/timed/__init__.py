"""How sweeps are found whose points have poses of their own, each at its own time. For the encoder alone."""
