"""Bags, captures, tables and range images: lizip beside what people keep them in."""
