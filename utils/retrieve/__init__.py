"""From documents to the passages that may hold the answer. Knows no language model."""
