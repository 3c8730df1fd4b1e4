"""The same jobs on this machine or on a cluster, through the standard library's ``Executor``."""
