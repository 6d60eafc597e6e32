"""The rooms of key checkout: choices, fields, layout, acts, rules, forms and the functions that its rows name.

The register itself, with its table, is `models.registers.key_checkout`. Source: registers.md 5, decisions.md 15, 25, 32.
"""
