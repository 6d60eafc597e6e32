"""One register, one file: its models, its `REGISTER`, and the functions that its rule rows and acts name.

A large one has rooms of its own for these (`models/gifts/`, `models/keys/`, `models/customers/`) and imports them by name.
"""
