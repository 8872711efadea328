"""Stands in for Colab's own module, by which the setup cell knows where it is."""
