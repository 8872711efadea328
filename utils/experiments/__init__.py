"""The experiments at full size, one a file. `python course.py reproduce` runs them; `frame` says what an experiment is."""
