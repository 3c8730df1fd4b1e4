"""The link line: arguments as a value and back, the scripts and libraries they name, what rustc was told."""
