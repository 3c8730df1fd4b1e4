"""Lint of profiles: what is redundant, dead, lost, contradictory, dangerous or dear in them. Pure."""

from burnish.profile.lint.registry import RULES, aborts, choose, lint_project
from burnish.profile.lint.values import Category, Edit, Finding, Fix, Place, Rule, Severity
from burnish.profile.lint.workspace import ConfigFile, CrateTarget, Package, Unwinding, Workspace

__all__ = [
    "RULES",
    "Category",
    "ConfigFile",
    "CrateTarget",
    "Edit",
    "Finding",
    "Fix",
    "Package",
    "Place",
    "Rule",
    "Severity",
    "Unwinding",
    "Workspace",
    "aborts",
    "choose",
    "lint_project",
]
