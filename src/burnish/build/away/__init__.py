"""Builds on other machines: sources and orders as data, how one is carried out there, and how a tune asks."""
