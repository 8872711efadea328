"""How fast the course is, against what people would use in its place: one module a comparison."""
