"""Tenants, staff, sign-in, permissions and the audit log."""
