"""Backends on other machines: what is asked of one as data, how it is done there, and how a link asks."""
