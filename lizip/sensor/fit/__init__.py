"""What the encoder finds out about a sensor and a scan. A decoder needs none of it (a test sees to that)."""
