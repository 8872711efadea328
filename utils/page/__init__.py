"""The sections of data/results/README.md, each from what it is about: Markdown, or nothing where there are no rows."""
