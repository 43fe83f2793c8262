"""Who there is: roles that people are enrolled in, and those that content is written for."""

from typing import Literal

Role = Literal["officer", "prison", "mentor", "coordinator", "supervisor", "admin"]
"""Everybody who can be enrolled."""

ContentRole = Literal["officer", "prison", "mentor", "coordinator"]
"""The roles content is written for. Supervisors and admins read what a coordinator reads."""

ROLES: tuple[Role, ...] = ("officer", "prison", "mentor", "coordinator", "supervisor", "admin")
CONTENT_ROLES: tuple[ContentRole, ...] = ("officer", "prison", "mentor", "coordinator")
