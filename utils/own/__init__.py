"""A folder of somebody's documents and a CSV of questions become a company to compare on. Takes untrusted input."""
