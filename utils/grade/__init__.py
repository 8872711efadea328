"""Marks a folder of submitted notebooks by the course's own checks."""
