"""What people would use in the course's place. Each file here runs in the peers' own environment: no course code."""
