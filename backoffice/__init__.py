"""What happens in the back office: rules, permissions, approvals, exports and the command line."""

__version__ = "0.1.0"
