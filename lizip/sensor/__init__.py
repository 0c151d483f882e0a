"""From scan coordinates to what a sensor measured, and back exactly: trigonometry, calibration, poses, corrections.

A chain (`lizip.sensor.chain.Chain`) is one way a measurement took to the stored floats. `CHAINS` names the modules that
hold one, as an object `CHAIN`; the sweep codec tries them in this order.
"""

CHAINS = ("lizip.sensor.hdl64e",)
