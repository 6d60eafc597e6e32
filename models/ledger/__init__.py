"""The rooms of the after-sales product ledger: choices, fields, layout, acts, rules, forms and the functions that its rows name.

The register itself, with its tables, is `models.registers.aftersales_ledger`. Source: registers.md 3.1.
"""
