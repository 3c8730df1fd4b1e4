"""The options, the profile value, and the effective profile of a project."""
