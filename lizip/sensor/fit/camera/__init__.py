"""Depth cameras: the pixels behind the points (`pixels`), the lens (`lens`), the stages that say so (`solution`)."""
