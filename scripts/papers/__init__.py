"""What scripts/reproduce-papers is made of: services and published figures, runs, tables."""
