"""The learned predictor: its network, exact integer inference, and the grid coder that asks its opinion."""
