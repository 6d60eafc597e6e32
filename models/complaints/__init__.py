"""The rooms of complaints. The register itself is `models.registers.complaint`. Source: registers.md 6."""
