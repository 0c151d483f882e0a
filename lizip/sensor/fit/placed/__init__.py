"""Lasers that sit beside the axis (the HDL-64E), by its public drivers: places and corrections of each."""
