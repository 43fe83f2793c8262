"""The label in front of everything that is hashed, derived or signed; part of the formats."""

L = b"integra/v1/"
