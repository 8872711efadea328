"""The course's own code: retrieve, answer, tune, measure. Importing `utils` alone loads nothing; import what you need."""
