"""The rooms of sales contracts. The register itself is `models.registers.contract`. Source: registers.md 13."""
