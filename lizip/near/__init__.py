"""Near-lossless: a cloud that is within a bound of the one given, and shorter to say.

Coordinates may move by so many metres each, and intensities by so much; what comes of that is an ordinary cloud, coded
exactly by the ordinary codecs and read by the ordinary reader. A section of its own states the bound, the largest
errors found by comparing what will come back with the original, and the original's hash.
"""
