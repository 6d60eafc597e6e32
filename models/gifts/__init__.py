"""The rooms of gift applications: fields, layout, acts, rules, forms and the functions that its rows name.

The register itself, with its tables, is `models.registers.gift_signoff`. Source: registers.md 4.
"""
