"""The fit of sensors whose packets' returns went to the vehicle's frame chunk by chunk. Encoder only."""
