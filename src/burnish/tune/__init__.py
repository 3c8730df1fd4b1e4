"""The main job: from the space of profiles to a verdict."""
