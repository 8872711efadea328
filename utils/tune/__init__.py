"""From examples to an adapter. Knows no index."""
