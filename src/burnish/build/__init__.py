"""From a profile to artifacts: what is shared, what is built, what rustc was told, what came out."""
