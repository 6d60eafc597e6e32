"""The rooms of return slips and discount certificates, the two papers that end a complaint. Source: registers.md 3.2 and 3.3."""
