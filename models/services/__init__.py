"""The rooms of the service log and its out-of-town applications: fields, layout, acts, rules, forms and the functions that rows name.

The registers themselves, with their tables, are `models.registers.service_log` and `models.registers.out_of_town_application`. Source:
registers.md 2.
"""
