"""The course's own code: retrieve, answer, tune, measure. Import the module you need; importing `utils` alone loads nothing."""
