"""From a question (and passages) to an answer. Knows no index and no training."""
