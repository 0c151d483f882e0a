"""lizip against its rivals: size, speed and memory on a folder of data sets. See README.md beside this file."""
