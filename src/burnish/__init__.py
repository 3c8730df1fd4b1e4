"""Find, prove and ship the best ``[profile.release]`` for a Cargo project."""

__version__ = "0.1.0"
