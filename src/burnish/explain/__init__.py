"""What a profile does, told for one project: texts, rules and figures as values. `recording` alone is not pure."""
