"""From the order of the points in a file to the sensor's grid of firings and rings, and back."""
