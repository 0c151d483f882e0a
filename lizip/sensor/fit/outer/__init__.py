"""What was done to a whole sweep after its points had been rounded, found and undone. Encoder only."""
