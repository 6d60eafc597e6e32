"""The rooms of the customer archive: choices, fields, layout, acts, rules, forms and the functions that its rows name.

The register itself, with its tables, is `models.registers.customer_archive`. Source: registers.md 1, decisions.md 6 to 10.
"""
