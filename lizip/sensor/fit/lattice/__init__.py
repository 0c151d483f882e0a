"""The far frame of a sweep, from its points alone: where its axes point, where its origin is. Encoder only."""
